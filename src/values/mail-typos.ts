/** Misspelt domains of the big mail services that nobody else uses. Only ever mended when somebody asks for it. */
const typos: ReadonlyMap<string, string> = new Map([
  ['gamil.com', 'gmail.com'],
  ['gmial.com', 'gmail.com'],
  ['gmai.com', 'gmail.com'],
  ['gmail.co', 'gmail.com'],
  ['gmail.con', 'gmail.com'],
  ['gmail.cm', 'gmail.com'],
  ['gnail.com', 'gmail.com'],
  ['gmaill.com', 'gmail.com'],
  ['hotmial.com', 'hotmail.com'],
  ['hotmail.con', 'hotmail.com'],
  ['hotmai.com', 'hotmail.com'],
  ['hotnail.com', 'hotmail.com'],
  ['outlook.con', 'outlook.com'],
  ['outlok.com', 'outlook.com'],
  ['yahoo.con', 'yahoo.com'],
  ['yaho.com', 'yahoo.com'],
  ['yahooo.com', 'yahoo.com'],
  ['icloud.con', 'icloud.com'],
  ['iclod.com', 'icloud.com'],
])

/** The domain that was meant; undefined for one that is no known misspelling. Lower-case in, lower-case out. */
export function meantMailDomain(domain: string): string | undefined {
  return typos.get(domain)
}
