import { rmSync } from 'node:fs'

/** Deletes a folder whose processes were just killed: a keeper may still write down how its child ended, which makes a plain removal fail with ENOTEMPTY. */
export const removeFolder = (path: string): void =>
  rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 10 })
