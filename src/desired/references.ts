/**
 * `${NAME}` and `${NAME:-default}` in paths, commands, environments and import patterns. Secrets are not resolved
 * here: a value that may end in a journal or a process list must not hold one.
 */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are written like that.
import { readFile } from 'node:fs/promises'
import { isAbsolute, resolve } from 'node:path'
import { messageOf, OperationalError } from '../errors.ts'
import { nearest } from './nearest.ts'
import type { Finding, Path } from './problem.ts'
import { namesSecret } from './secret-shapes.ts'
import type { Positions } from './yaml-tree.ts'

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Where references are replaced; `*` stands for any name or index. */
const referencePaths: readonly (readonly string[])[] = [
  'databases.*.path',
  'imports.*.from.files',
  'services.*.command.*',
  'services.*.directory',
  'services.*.pidFile',
  'services.*.environment.*',
  'services.*.probe.http',
  'services.*.probe.tcp',
  'services.*.probe.exec.*',
  'services.*.probe.heartbeat',
  'services.*.probe.log',
  'jobs.*.command.*',
  'jobs.*.directory',
  'jobs.*.environment.*',
  'jobs.*.ping.file',
  'backups.*.to.*',
  'policy.audit.heads.to.*',
  'access.tokens.file',
  'access.publicUrl',
  'access.persistedOperations.file',
  'access.proxy.addresses.*',
  'access.proxy.jwt.keys.url',
  'access.proxy.jwt.keys.file',
  'access.proxy.jwt.issuer',
  'access.proxy.jwt.audience',
  'access.proxy.jwt.audience.*',
  'airtable.endpoint',
  'airtable.token.file',
  'alerts.channels.*.webhook.file',
  'alerts.channels.*.sign.file',
  'alerts.heartbeat.url.file',
  'alerts.channels.*.slack.file',
  'alerts.channels.*.email.smtp.file',
  'services.*.environment.*.file',
  'jobs.*.environment.*.file',
  'backups.*.encryptTo.*.file',
  'backups.*.s3.endpoint',
  'backups.*.s3.accessKeyId.file',
  'backups.*.s3.secretAccessKey.file',
  'backups.*.s3.sessionToken.file',
].map((path) => path.split('.'))

/** Whether `${…}` is replaced in the value at a path. */
function takesReferences(path: Path): boolean {
  return referencePaths.some(
    (pattern) =>
      pattern.length === path.length && pattern.every((step, index) => step === '*' || step === String(path[index])),
  )
}

export interface Resolved {
  readonly value: unknown
  readonly problems: readonly Finding[]
  readonly warnings: readonly Finding[]
}

/** The tree with its references replaced, and what could not be. Pure: the tree given is not changed. */
export function resolveReferences(tree: unknown, environment: Environment, positions: Positions): Resolved {
  const problems: Finding[] = []
  const warnings: Finding[] = []
  const visit = (value: unknown, path: Path): unknown => {
    if (Array.isArray(value)) return value.map((item, index) => visit(item, [...path, index]))
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, visit(item, [...path, name])]))
    }
    if (typeof value !== 'string' || !value.includes('${')) return value
    if (!takesReferences(path)) {
      const message = 'holds ${…}, which is replaced only in paths, commands, environments and import patterns'
      warnings.push({ at: positions.valueAt(path), path, message })
      return value
    }
    const { text, faults } = resolveText(value, environment)
    for (const fault of faults) problems.push({ at: positions.valueAt(path), path, ...fault })
    return text
  }
  return { value: visit(tree, []), problems, warnings }
}

type Fault = Pick<Finding, 'message' | 'didYouMean'>

const escaped = /\$\$\{/
const reference = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}$]*))?\}/
const anyReference = new RegExp(`${escaped.source}|${reference.source}|\\$\\{`, 'g')

/** One text. `$${` stands for a `${` that is kept. A variable that is set but empty counts as not set, as in `:-`. */
export function resolveText(source: string, environment: Environment): { text: string; faults: readonly Fault[] } {
  const faults: Fault[] = []
  const text = source.replace(anyReference, (found: string, name: string | undefined, fallback: string | undefined) => {
    if (found === '$${') return '${'
    if (name === undefined) {
      faults.push({
        message:
          'has a ${ that is no reference: write ${NAME} or ${NAME:-default}, or $${ for the characters themselves',
      })
      return found
    }
    if (namesSecret(name)) {
      faults.push({
        message: `refers to ${name}, which by its name is a secret; pass it as environment: { ${name}: { env: ${name} } }`,
      })
      return found
    }
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined
    if (value !== undefined && value !== '' && !value.includes('\0')) return value
    if (fallback !== undefined) return fallback
    const meant = nearest(name, Object.keys(environment))
    faults.push({
      message: `refers to the environment variable ${name}, which is ${value === '' ? 'set but empty' : 'not set'}; set it, or write \${${name}:-default}`,
      ...(meant === undefined ? {} : { didYouMean: meant }),
    })
    return found
  })
  return { text, faults }
}

/** Where a secret is found. */
export type SecretReference = { readonly env: string } | { readonly file: string }

/** Reads a secret at the moment that it is needed. */
export type SecretReader = (reference: SecretReference) => Promise<string>

/** The most bytes of a file that holds a secret. */
const secretBytesMax = 65_536

/**
 * A reader of secrets that keeps nothing, so that a rotated secret is taken up by the next use. White space around a
 * file's content is dropped. Throws REFERENCE_UNRESOLVED, with a message that never holds the secret.
 * @param workspace the folder that relative files are meant from.
 */
export function secretReader(environment: Environment, workspace: string): SecretReader {
  return async (found) => {
    if ('env' in found) {
      const value = Object.hasOwn(environment, found.env) ? environment[found.env] : undefined
      if (value !== undefined && value.trim() !== '') return value.trim()
      throw new OperationalError(
        'REFERENCE_UNRESOLVED',
        `the secret { env: ${found.env} } is ${value === undefined ? 'not set' : 'empty'}`,
      )
    }
    const path = isAbsolute(found.file) ? found.file : resolve(workspace, found.file)
    const content = await readFile(path).catch((error: unknown) => {
      const code = error instanceof Error && 'code' in error ? String(error.code) : messageOf(error)
      throw new OperationalError('REFERENCE_UNRESOLVED', `the secret { file: ${found.file} } cannot be read (${code})`)
    })
    const secret = content.byteLength > secretBytesMax ? '' : content.toString('utf8').trim()
    if (secret !== '') return secret
    const why = content.byteLength > secretBytesMax ? 'is larger than 64 KiB' : 'is empty'
    throw new OperationalError('REFERENCE_UNRESOLVED', `the secret { file: ${found.file} } ${why}`)
  }
}
