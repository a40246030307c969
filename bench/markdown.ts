export const markdownReport = (_: unknown) => "";
