// How the classifier is trained.

export const BATCH = 500;
export const EPOCHS = 30;
export const RATE = 0.5;
