export const htmlReport = (_: unknown) => "";
