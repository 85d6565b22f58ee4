/**
 * Jaro-Winkler similarity by the standard definition (Winkler 1990: prefix of four, scale 0.1, no lower bound for the
 * boost), computed on bit masks. Libraries differ from each other near 0.85, where decisions fall; this one is tested
 * against an oracle. Code units are compared: callers fold text to plain letters first.
 */

/** Longest text that fits one 32-bit mask; longer ones take the general form. */
const maskBitsMax = 31
/** For each code unit below 128, where it stands in the text in work; cleared after each use. */
const asciiPlaces = new Uint32Array(128)

/** Likeness from 0 (nothing in common) to 1 (equal). Symmetric. Two empty texts are equal. */
export function jaroWinkler(one: string, other: string): number {
  if (one === other) return 1
  const jaro = jaroSimilarity(one, other)
  let prefix = 0
  const prefixMax = Math.min(4, one.length, other.length)
  while (prefix < prefixMax && one.charCodeAt(prefix) === other.charCodeAt(prefix)) prefix += 1
  return jaro + prefix * 0.1 * (1 - jaro)
}

/** Jaro similarity, without the boost for a common beginning. */
function jaroSimilarity(one: string, other: string): number {
  const [short, long] = inOrder(one, other)
  if (short.length === 0) return 0
  const fits = long.length <= maskBitsMax && isAscii(short) && isAscii(long)
  return fits ? byMasks(short, long) : byArrays(short, long)
}

/** Which of two texts is matched into which decides ties; ordered by length and content, the result is symmetric. */
function inOrder(one: string, other: string): readonly [string, string] {
  if (one.length !== other.length) return one.length < other.length ? [one, other] : [other, one]
  return one < other ? [one, other] : [other, one]
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 127) return false
  return true
}

function byMasks(short: string, long: string): number {
  const reach = Math.max(0, (long.length >> 1) - 1)
  for (let at = 0; at < long.length; at += 1) {
    const code = long.charCodeAt(at)
    asciiPlaces[code] = (asciiPlaces[code] ?? 0) | (1 << at)
  }
  let takenInShort = 0
  let takenInLong = 0
  for (let at = 0; at < short.length; at += 1) {
    const from = Math.max(0, at - reach)
    const window = lowBits(at + reach + 1) & ~lowBits(from)
    const free = (asciiPlaces[short.charCodeAt(at)] ?? 0) & window & ~takenInLong
    if (free === 0) continue
    takenInLong |= free & -free
    takenInShort |= 1 << at
  }
  for (let at = 0; at < long.length; at += 1) asciiPlaces[long.charCodeAt(at)] = 0
  let matches = 0
  let moved = 0
  let restOfShort = takenInShort
  let restOfLong = takenInLong
  while (restOfShort !== 0) {
    const inShort = 31 - Math.clz32(restOfShort & -restOfShort)
    const inLong = 31 - Math.clz32(restOfLong & -restOfLong)
    if (short.charCodeAt(inShort) !== long.charCodeAt(inLong)) moved += 1
    matches += 1
    restOfShort &= restOfShort - 1
    restOfLong &= restOfLong - 1
  }
  return ofCounts(matches, moved, short.length, long.length)
}

function lowBits(count: number): number {
  return count >= 32 ? -1 : (1 << count) - 1
}

function byArrays(short: string, long: string): number {
  const reach = Math.max(0, (long.length >> 1) - 1)
  const taken = new Uint8Array(long.length)
  const matched: number[] = []
  for (let at = 0; at < short.length; at += 1) {
    const code = short.charCodeAt(at)
    const end = Math.min(long.length, at + reach + 1)
    for (let place = Math.max(0, at - reach); place < end; place += 1) {
      if (taken[place] === 1 || long.charCodeAt(place) !== code) continue
      taken[place] = 1
      matched.push(code)
      break
    }
  }
  let moved = 0
  let next = 0
  for (let place = 0; place < long.length; place += 1) {
    if (taken[place] === 0) continue
    if (long.charCodeAt(place) !== matched[next]) moved += 1
    next += 1
  }
  return ofCounts(matched.length, moved, short.length, long.length)
}

/** Half of the matched characters that stand in another order are transpositions; odd counts are rounded down. */
function ofCounts(matches: number, moved: number, shortLength: number, longLength: number): number {
  if (matches === 0) return 0
  const transpositions = moved >> 1
  return (matches / shortLength + matches / longLength + (matches - transpositions) / matches) / 3
}
