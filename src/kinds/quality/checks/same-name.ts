import { nicknameFamily } from '../../../matching/nicknames.ts'
import { foldLetters } from '../../../values/fold.ts'
import { isRoleMailbox } from '../../../values/role-mailbox.ts'
import { type RowCheck, textOf } from './check.ts'
import { mayBeOneName, namesOf } from './related-names.ts'

/** Of an address: longer ones are none. */
const textMax = 200
const partMin = 3

/**
 * A mailbox does not plainly name somebody else: jane.doe@ beside John Smith. It has to look like first and last name, one
 * of them a known first name, and no part of it may have anything in common with the person's. Whoever married, shortens
 * the name, or shares the mailbox of an office passes.
 */
export function sameName(name: string, email: string): RowCheck {
  return {
    is: 'row',
    id: `sameName.${name}.${email}`,
    field: null,
    title: `has an ${email} that names nobody but ${name}`,
    fault: `has an ${email} that names somebody else than ${name}`,
    severity: 'low',
    reads: [name, email],
    remedy: `Look at ${name} and ${email} of these rows: the address may be a colleague's.`,
    reasonOf: (row) => {
      const address = textOf(row(email))
      if (address === undefined || !looksLikeNames.test(address)) return undefined
      const person = textOf(row(name))
      if (person === undefined || isPlainlyIn(person, address)) return undefined
      const mailbox = namesIn(address)
      if (mailbox === undefined) return undefined
      const parts = namesOf(person)
      // One word may be a company or a nickname; other scripts are not compared.
      if (parts.length < 2) return undefined
      const joined = mailbox.join('')
      const isTheirs =
        parts.some((part) => part.length >= partMin && joined.includes(part)) ||
        mailbox.some((one) => parts.some((other) => mayBeOneName(one, other)))
      return isTheirs ? undefined : `has an ${email} that names somebody else than ${name}`
    },
  }
}

/** Two words before the @: any other address is passed over at once. */
const looksLikeNames = /^\s*[^\s@._-]{3,}[._-][^\s@]{3,}@/

/** Whether the first or the last word of a name stands in an address letter for letter, as it mostly does: told at once. */
function isPlainlyIn(person: string, address: string): boolean {
  const lower = address.toLowerCase()
  const name = person.trim().toLowerCase()
  const first = name.slice(0, name.indexOf(' '))
  const last = name.slice(name.lastIndexOf(' ') + 1)
  const at = lower.indexOf('@')
  const isThere = (word: string) => {
    const place = word.length < partMin ? -1 : lower.indexOf(word)
    return place >= 0 && place < at
  }
  return isThere(first) || isThere(last)
}

/** The parts of a mailbox that looks like the name of a person; undefined for any other. */
function namesIn(address: string): readonly string[] | undefined {
  const at = address.indexOf('@')
  if (at < partMin * 2 + 1 || address.length > textMax || isRoleMailbox(address.toLowerCase())) return undefined
  const local = foldLetters(address.slice(0, at)).replace(/\+.*$/, '').trim()
  if (!/^[a-z]{3,}(?:[._-][a-z]{3,}){1,2}\d{0,4}$/.test(local)) return undefined
  const parts = local.replace(/\d+$/, '').split(/[._-]/)
  const isOffice = parts.some((part) => isRoleMailbox(`${part}@`) || address.toLowerCase().includes(part, at))
  return !isOffice && parts.some((part) => nicknameFamily(part) !== undefined) ? parts : undefined
}
