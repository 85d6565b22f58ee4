/** The programs of the sample services, and the desired state with and without them. */
import { readFileSync } from 'node:fs'

/** File names within the folder `services` of the workspace. */
const names = [
  'lead_database.py',
  'website_scraper.py',
  'message_generator.py',
  'email_engager.py',
  'daily_sync.py',
] as const

/** Relative path in the workspace and content of each program. */
export function serviceFiles(): readonly { readonly path: string; readonly text: string }[] {
  return names.map((name) => ({
    path: `services/${name}`,
    text: readFileSync(new URL(`./services/${name}`, import.meta.url), 'utf8'),
  }))
}

/**
 * A desired state without its sections `services` and `jobs`, comments above them included: for generated test data, in
 * which nothing may change by itself.
 */
export function withoutPrograms(desiredState: string): string {
  const lines = desiredState.split('\n')
  const kept: string[] = []
  let isLeftOut = false
  for (const line of lines) {
    if (/^[a-z]/.test(line)) {
      isLeftOut = /^(services|jobs):/.test(line)
      // The comment right above belongs to the section.
      while (isLeftOut && kept.at(-1)?.startsWith('#') === true) kept.pop()
    } else if (isLeftOut && (line === '' || line.startsWith('#'))) isLeftOut = false
    if (!isLeftOut) kept.push(line)
  }
  return kept.join('\n').replaceAll(/\n{3,}/g, '\n\n')
}
