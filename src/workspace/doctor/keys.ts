/** Every secret that the desired state refers to: whether it is to be had. No value is ever told. */
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Environment, SecretReference } from '../../desired/references.ts'
import { secretReader } from '../../desired/references.ts'
import type { DesiredState } from '../../desired/schema.ts'
import { messageOf, OperationalError } from '../../errors.ts'
import { checkRecipients } from '../../targets/backup/encryption.ts'
import { checksOf, type DoctorCheck } from './check.ts'

const { ok, warn, fail } = checksOf('keys')

interface Found {
  readonly path: string
  readonly reference: SecretReference
}

/** Files that Trueup itself makes, which look like references to secrets. */
const ownFiles = [/^access\.tokens$/, /^jobs\.[^.]+\.ping$/]

/** Every `{ env }` and `{ file }` of a desired state, with its place. */
export function secretReferencesIn(state: DesiredState): readonly Found[] {
  const found: Found[] = []
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return
    const entries = Object.entries(value)
    const [only] = entries
    if (entries.length === 1 && only !== undefined && !ownFiles.some((own) => own.test(path))) {
      const [name, text] = only
      if (typeof text === 'string' && (name === 'env' || name === 'file')) {
        found.push({ path, reference: name === 'env' ? { env: text } : { file: text } })
        return
      }
    }
    for (const [name, item] of entries) visit(item, path === '' ? name : `${path}.${name}`)
  }
  visit(state, '')
  return found
}

export async function checkKeys(
  state: DesiredState,
  { environment, workspace }: { readonly environment: Environment; readonly workspace: string },
): Promise<readonly DoctorCheck[]> {
  const read = secretReader(environment, workspace)
  const checks: DoctorCheck[] = []
  for (const { path, reference } of secretReferencesIn(state)) {
    if (path === 'airtable.token' && state.airtable?.endpoint === 'sandbox') {
      checks.push(ok(path, `${path}: not needed, the sandbox takes any token`))
      continue
    }
    // Keys of a store have defaults, which say nothing where sets go to folders alone.
    if (isOfUnusedStore(path, state)) continue
    checks.push(await referenceCheck(path, reference, read, workspace))
  }
  return [...checks, ...(await recipientChecks(state, read))]
}

function isOfUnusedStore(path: string, { backups }: DesiredState): boolean {
  const name = /^backups\.([^.]+)\.s3\./.exec(path)?.[1]
  return name !== undefined && backups[name]?.to.every((place) => !place.startsWith('s3://')) === true
}

async function referenceCheck(
  path: string,
  reference: SecretReference,
  read: ReturnType<typeof secretReader>,
  workspace: string,
): Promise<DoctorCheck> {
  const place = 'env' in reference ? `the variable ${reference.env}` : `the file ${reference.file}`
  try {
    await read(reference)
  } catch (error) {
    const remedy =
      'env' in reference
        ? `Set ${reference.env} in the environment that Trueup is started with (EnvironmentFile= of the unit, a secret of the container).`
        : `Write the secret into ${reference.file} (mode 0600), readable by the user that runs Trueup.`
    return fail(path, `${path}: ${messageOf(error)}`, remedy)
  }
  if ('file' in reference && (statSync(resolve(workspace, reference.file)).mode & 0o077) !== 0)
    return warn(path, `${path}: ${place} is readable by others`, `chmod 600 ${reference.file}`)
  return ok(path, `${path}: ${place} holds one`)
}

/** Recipients are public keys; one that is none would leave a backup undone at night. */
async function recipientChecks(state: DesiredState, read: ReturnType<typeof secretReader>): Promise<DoctorCheck[]> {
  const checks: DoctorCheck[] = []
  for (const [name, backup] of Object.entries(state.backups)) {
    for (const [index, recipient] of backup.encryptTo.entries()) {
      const id = `backups.${name}.encryptTo.${index}.recipient`
      // A reference that cannot be read is not passed over: `referenceCheck` has told it, with its reason.
      const text = typeof recipient === 'string' ? recipient : await read(recipient).catch(() => undefined)
      if (text === undefined) continue
      try {
        await checkRecipients([text])
        checks.push(ok(id, `backups.${name}: recipient ${index + 1} is a valid age key`))
      } catch (error) {
        if (!(error instanceof OperationalError)) throw error
        checks.push(fail(id, `backups.${name}: ${error.message}`, error.hint))
      }
    }
  }
  return checks
}
