/** Secrets of a program's environment: read when it starts, blotted out where its output is shown. */
import { withoutSecrets } from '../../../scrub.ts'
import { shortestSecret, withoutEarlierSecrets } from './earlier-secrets.ts'
import type { Launch } from './launch-declaration.ts'
import { environmentOf } from './proc.ts'
import type { ProcessStore } from './process-store.ts'

/** What every program is given of Trueup's own environment: nothing that may hold a secret. */
const inherited = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LANGUAGE', 'TZ', 'TMPDIR', 'VIRTUAL_ENV']

/** The variables of {@link inherited} and `LC_…` that are set. */
export function programEnvironment(
  own: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(own).flatMap(([name, value]) =>
      value !== undefined && (inherited.includes(name) || name.startsWith('LC_')) ? [[name, value]] : [],
    ),
  )
}

type Read = (reference: { readonly env: string } | { readonly file: string }) => Promise<string>

/** The environment with its secrets. Throws REFERENCE_UNRESOLVED. */
export async function environmentWith(
  base: Readonly<Record<string, string>>,
  declared: Launch['environment'],
  read: Read,
): Promise<Record<string, string>> {
  const found: Record<string, string> = { ...base }
  for (const [name, value] of Object.entries(declared))
    found[name] = typeof value === 'string' ? value : await read(value)
  return found
}

const blot = '••••••'

/**
 * Replaces the secrets of an environment in a text: those of now, those that a program which still runs was started with,
 * given its main process, those that any was started with earlier, as far as they were noted, and what looks like one.
 */
export async function redactor(
  declared: Launch['environment'],
  read: Read,
  store: Pick<ProcessStore, 'get' | 'set'>,
  mainPid?: number,
): Promise<(text: string) => string> {
  const secrets: string[] = []
  for (const [name, value] of Object.entries(declared)) {
    if (typeof value === 'string') continue
    const found = [await read(value).catch(() => ''), mainPid === undefined ? '' : environmentOf(mainPid, name)]
    for (const secret of found) if (secret !== undefined && secret.length >= shortestSecret) secrets.push(secret)
  }
  // A secret may hold another one.
  secrets.sort((one, other) => other.length - one.length)
  return (text) => {
    const own = secrets.reduce((result, secret) => result.replaceAll(secret, blot), text)
    return withoutSecrets(withoutEarlierSecrets(own, store, blot))
  }
}
