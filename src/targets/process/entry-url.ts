import { fileURLToPath, pathToFileURL } from 'node:url'

/**
 * The compiled module that a worker thread or child process starts with: `entryUrl('./scan', import.meta.url)`. When the
 * caller runs from its TypeScript source (in tests), its compiled twin in dist is taken, which the test set-up builds.
 */
export function entryUrl(relative: string, callerUrl: string): URL {
  const caller = fileURLToPath(callerUrl)
  if (!caller.endsWith('.ts')) return new URL(`${relative}.js`, callerUrl)
  const source = caller.lastIndexOf('/src/')
  const twin = `${caller.slice(0, source)}/dist/${caller.slice(source + '/src/'.length)}`
  return new URL(`${relative}.js`, pathToFileURL(twin))
}
