/**
 * How a word sounds, roughly, as one number: spellings that differ in vowels, doubled letters and like-sounding
 * consonants share it. Used to put records into one block and to tell a misspelt name from another one.
 */

/** Consonants that are taken for each other, after Soundex (Russell 1918); 0 is silent. */
const soundOf = new Uint8Array(26)
for (const [sound, letters] of ['aeiouyhw', 'bfpv', 'cgjkqsxz', 'dt', 'l', 'mn', 'r'].entries())
  for (const letter of letters) soundOf[letter.charCodeAt(0) - 97] = sound

const soundsMax = 5

/**
 * The sound of a folded word; 0 where it has no Latin letter. The first sound counts by its class too (`cathy` and
 * `kathy` are alike), unlike in Soundex, and every vowel at the start is the same.
 * `ph` is as `f`, since `p` and `f` are of one class.
 */
export function soundKey(word: string): number {
  let key = 1
  let count = 0
  let last = -1
  for (let at = 0; at < word.length && count < soundsMax; at += 1) {
    const letter = word.charCodeAt(at) - 97
    if (letter < 0 || letter > 25) continue
    const sound = soundOf[letter] ?? 0
    // h and w do not separate two like sounds; vowels do.
    if (sound === 0) {
      if (count === 0) {
        key = key * 7
        count += 1
      }
      if (letter !== 7 && letter !== 22) last = 0
      continue
    }
    if (sound !== last) {
      key = key * 7 + sound
      count += 1
    }
    last = sound
  }
  return count === 0 ? 0 : key
}
