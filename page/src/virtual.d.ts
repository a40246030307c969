declare module "virtual:digits" {
  export const url: string;
  export const training: number;
  export const test: number;
}
