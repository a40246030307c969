export const targetsReport = (_: unknown) => "";
