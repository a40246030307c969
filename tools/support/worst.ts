// Arguments near 0 at which the rows' exp errs most, from `npm run verify:exhaustive -- --function "row exp" --worst 16`:
// results too large by 1.24 to 1.28·2^-24, and too small by 1.22 to 1.25·2^-24, relative.

/** exp comes out too large. */
export const ABOVE: readonly number[] = [
  3.1192474365234375, 4.50817346572876, 4.506645679473877, 4.506326198577881, 4.5059075355529785, 1.7329884767532349,
  3.121265411376953, 3.812394618988037, 4.508655548095703,
];

/** exp comes out too small. */
export const BELOW: readonly number[] = [
  -5.180206775665283, -5.180545806884766, -5.183224678039551, -5.185064315795898, 5.219946384429932, -5.179139614105225,
  5.222176551818848, -5.171688556671143, -5.167521953582764, -5.177002429962158,
];
