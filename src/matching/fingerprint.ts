/**
 * 32-bit fingerprints of text: what is kept of a value for a million rows, where the text itself would not fit. Equal
 * text has equal fingerprints; the reverse holds but for one in four billion pairs, so strings are compared in the end.
 */

/** 0 stands for no value; no text has it. MurmurHash3's mixing over code units. */
export function fingerprintOf(text: string, seed = 0): number {
  let hash = seed ^ 0x9747b28c
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0xcc9e2d51)
    hash = (hash << 15) | (hash >>> 17)
  }
  return mixed(hash ^ text.length)
}

/** Fingerprint of two numbers together, in their order. 0 where either is 0: what lacks a part has no key. */
export function joinedFingerprint(one: number, other: number): number {
  if (one === 0 || other === 0) return 0
  return mixed(Math.imul(one, 0x9e3779b1) ^ ((other << 13) | (other >>> 19)) ^ 0x51ed270b)
}

/** MurmurHash3's finalizer, never 0. */
function mixed(value: number): number {
  let hash = value
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  hash = (hash ^ (hash >>> 16)) >>> 0
  return hash === 0 ? 1 : hash
}
