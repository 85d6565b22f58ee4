/** Whether two words may be forms of one person's name. Lenient: where it says no, they plainly are not. Pure. */
import { jaroWinkler } from '../../../matching/jaro-winkler.ts'
import { areNicknames } from '../../../matching/nicknames.ts'
import { personKey } from '../../../values/match-key.ts'

const partMin = 3
/** From here on two words may be spellings of one name: Mueller and Müller. */
const alikeFrom = 0.8
const nameMax = 200

/** Folded words of a name in Latin letters, without titles and degrees; none where it is no such name. */
export function namesOf(name: string): readonly string[] {
  const words = name.length > nameMax ? [] : (personKey(name)?.split(' ') ?? [])
  return words.every((word) => /^[a-z]+$/.test(word)) ? words : []
}

/** Of two folded words. */
export function mayBeOneName(one: string, other: string): boolean {
  const [short, long] = one.length < other.length ? [one, other] : [other, one]
  // An initial may be of any name that begins so.
  if (short.length === 1) return long.startsWith(short)
  return (
    (short.length >= partMin && long.includes(short)) ||
    areNicknames(one, other) ||
    jaroWinkler(one, other) >= alikeFrom
  )
}
