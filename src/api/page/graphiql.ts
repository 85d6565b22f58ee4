/** The built page of GraphiQL and its files. They are large and seldom asked for, so they are read when they are. */
import { readFile } from 'node:fs/promises'
import { builtFolder } from './assets.ts'

const folder = builtFolder('../../dashboard/graphiql/')

export function graphiqlPage(): Promise<string> {
  return readFile(new URL('index.html', folder), 'utf8')
}

/** A file by its name, which changes with its content; undefined for one that is none. */
export async function graphiqlFile(
  name: string,
): Promise<{ readonly type: string; readonly text: string } | undefined> {
  const [, kind] = /^[a-z]+-[A-Za-z0-9_-]{8}\.(js|css)$/.exec(name) ?? []
  if (kind === undefined) return undefined
  const type = `${kind === 'js' ? 'text/javascript' : 'text/css'}; charset=utf-8`
  try {
    return { type, text: await readFile(new URL(name, folder), 'utf8') }
  } catch (error) {
    // Another build has other names; a page of an earlier one is loaded again.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
