// The speeds the project aims at.

/** Share of its own instruction set's roof that attention over f32 should reach; undefined where none is set. */
export function targetShare({ family, headDim, length, causal }) {
  if (family === 'backward') return headDim === 128 && length >= 2048 ? 0.55 : undefined;
  if (headDim === 128 && !causal) return length >= 1024 ? 0.75 : undefined;
  if (length < 2048) return undefined;
  return headDim === 64 && causal ? 0.65 : 0.7;
}

/** Least speed of the 16-bit types over that of f32 in the same setting. */
export const targetOfHalfTypes = 0.9;

/** Least speed of decoding over that of the loop that reads the same memory. */
export const targetOfDecode = 0.8;

/** The same over what its multiply-adds and conversions allow, for the cases where these allow no more than the loop's share. */
export const targetOfDecodeArithmetic = 0.6;

/** Least speed of long convolution over the same made of FFTW's transforms, by instruction set. */
export const targetOfConvolution = { avx3: 3, avx2: 1.5 };
