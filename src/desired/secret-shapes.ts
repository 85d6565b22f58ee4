/** Where the desired state holds secrets, by the names of things; what they look like is in `src/scrub.ts`. */

/** Whether an environment variable's name says that it holds a secret. */
export function namesSecret(name: string): boolean {
  return /(^|_)(KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|PWD|CREDENTIALS?|APIKEY|DSN)$/i.test(name)
}

const secretKeys: ReadonlySet<string | number> = new Set([
  'token',
  'webhook',
  'slack',
  'smtp',
  'encryptTo',
  'environment',
])

/** Whether values below this path are never quoted, since an owner may have put a secret there. */
export function holdsSecrets(path: readonly (string | number)[]): boolean {
  return path.some((step) => secretKeys.has(step))
}
