/** Airtable's ids: three letters that say what it is, then 14 letters and digits. */
import type { Random } from '../random.ts'

export type IdPrefix = 'app' | 'tbl' | 'fld' | 'rec' | 'viw' | 'sel' | 'att' | 'usr' | 'wsp' | 'ach' | 'itr'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** A new id, for example `recafslhLhajIYeaR`. */
export function mintId(prefix: IdPrefix, random: Random): string {
  let id: string = prefix
  for (let count = 0; count < 14; count += 1) id += alphabet[Math.floor(random.next() * alphabet.length)]
  return id
}

/** Whether a text has the form of an id of that kind. */
export function isId(prefix: IdPrefix, text: string): boolean {
  return text.length === 17 && text.startsWith(prefix) && /^[A-Za-z0-9]+$/.test(text)
}
