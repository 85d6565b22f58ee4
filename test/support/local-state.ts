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
