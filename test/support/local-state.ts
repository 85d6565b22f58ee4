/** A desired state without the mirror in Airtable: for tests of what happens on this machine alone, to the byte. */
export function withoutMirror(yaml: string): string {
  return yaml
    .replace(/^airtable:\n(?: .*\n)+/m, '')
    .replace(/^ {4}airtable:\n(?: {6}.*\n)+/m, '')
    .replaceAll(/, airtable: \{[^}]*\}/g, '')
    .replaceAll(/, airtable: [^,}\n]+(?=[,}\n])/g, (found) => (found.endsWith(' ') ? ' ' : ''))
    .replaceAll(/^ {8}airtable: .*\n/gm, '')
    .replace(/^( +of: \[.*), airtable\]/m, '$1]')
}

/**
 * A desired state of the main database alone: without the legacy files, which are observed and imported from. A look at it
 * takes half the time; for tests of what happens to one table.
 */
export function mainAlone(yaml: string): string {
  return yaml
    .replaceAll(/^ {2}(cache|scraper|campaigns): .*\n/gm, '')
    .replace(/^imports:\n(?:(?: .*)?\n)+?(?=\S)/m, '')
    .replace(/^( +of: \[.*), campaigns/m, '$1')
}

/** A desired state without backups, which have tests of their own (test/backups): a set is made at every first `apply`. */
export function withoutBackups(yaml: string): string {
  return yaml.replace(/^backups:\n(?:(?: .*)?\n)+?(?=\S)/m, '')
}
