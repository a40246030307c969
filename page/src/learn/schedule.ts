// How the classifier is trained.

export const BATCH = 100;
export const EPOCHS = 15;

/** Misread digits that are shown at a time. */
export const SHOWN = 12;

/** Size of the first step; steps shrink to nothing, so that the last ones settle in the minimum instead of jumping around it. */
export const RATE = 0.3;
