/** The static files of the status page, read once. */
import { readFileSync } from 'node:fs'

const read = new Map<string, string>()

export function asset(name: 'app.js' | 'app.css'): string {
  const known = read.get(name)
  if (known !== undefined) return known
  const text = readFileSync(new URL(`../../dashboard/static/${name}`, import.meta.url), 'utf8')
  read.set(name, text)
  return text
}
