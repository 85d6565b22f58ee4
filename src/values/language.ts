/** Which of a few languages a text is written in, told by its most common small words. Never a guess: short texts tell nothing. */

export const toldLanguages = ['en', 'de', 'fr', 'es', 'it', 'pt', 'nl'] as const
export type ToldLanguage = (typeof toldLanguages)[number]

/** Words that are frequent in one of them; those of several count for each. */
const words: Readonly<Record<ToldLanguage, string>> = {
  en: 'the and you your that this with for are have from was will would can not our about their how what when which been more to of is in i we',
  de: 'der die das und ist nicht sie ihr ihre ihnen mit für auf von dem den ein eine einen wir ich uns zu bei wie haben sind auch werden dass in',
  fr: 'le la les des et est que vous votre vos dans pour avec une nous notre sur pas qui ce cette sont plus au aux je de un du être',
  es: 'el la los las que y en es su sus para con una por no usted como del se lo más nuestro está son al de un nos sobre',
  it: 'il lo la gli che di e è per con una non sono del della dei nel nella vostro nostro voi suo sua più come ho si anche un',
  pt: 'o os as que de e é para com uma não em seu sua você do da dos das no na nos por mais como são um ao nosso está',
  nl: 'de het een en is van dat u uw voor met niet op zijn wij onze ik te aan bij ook hoe die heeft worden naar om er we',
}

const bitOf = new Map<string, number>()
for (const [at, language] of toldLanguages.entries())
  for (const word of words[language].split(' ')) bitOf.set(word, (bitOf.get(word) ?? 0) | (1 << at))

/** So much of a text is read, in words, and so many there must be. */
const wordsMax = 120
const wordsMin = 15
/** So many words of a language are proof enough that a text is in it. */
const proofWords = 6
/** The least number of its words by which another language is told. */
const otherMin = 5

/** Letters before this one are Latin, but for a few symbols. */
const latinEnd = 0x250

/**
 * Whether a text is plainly written in another language than `language`: at least twice as many of its small words are of
 * one other, or its letters are of another script.
 */
export function isInAnotherLanguage(text: string, language: ToldLanguage): boolean {
  const own = toldLanguages.indexOf(language)
  const counts = toldLanguages.map(() => 0)
  let read = 0
  let latin = 0
  for (const [word] of text.matchAll(/\p{L}+/gu)) {
    read += 1
    if (read > wordsMax) break
    if (word.charCodeAt(0) < latinEnd) latin += 1
    const bits = bitOf.get(word) ?? bitOf.get(word.toLowerCase()) ?? 0
    if (bits === 0) continue
    for (let at = 0; at < counts.length; at += 1) if ((bits & (1 << at)) !== 0) counts[at] = (counts[at] ?? 0) + 1
    if ((counts[own] ?? 0) >= proofWords && (counts[own] ?? 0) * 2 > Math.max(...counts)) return false
  }
  if (read < wordsMin) return false
  if (latin * 3 < read) return true
  const most = Math.max(...counts)
  return most >= otherMin && most >= (counts[own] ?? 0) * 2
}
