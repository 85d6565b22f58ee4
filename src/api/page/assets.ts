/** The built dashboard, read once as a whole: a newer build under a running program changes nothing of it. */
import { readdirSync, readFileSync } from 'node:fs'

export interface Dashboard {
  /** The page that every view is shown in. */
  readonly page: string
  readonly stylesheet: string
  /** Scripts and stylesheets by their names, which change with their content. */
  readonly files: ReadonlyMap<string, { readonly type: string; readonly text: string }>
}

let read: Dashboard | undefined

/** Throws when the program was not built. */
export function dashboard(): Dashboard {
  read ??= readDashboard()
  return read
}

/** A folder of what was built, by its place as seen from here. Whoever runs from the TypeScript source takes what was built of it. */
export function builtFolder(place: string): URL {
  const here = import.meta.url.endsWith('.ts')
    ? import.meta.url.replace(/\/src\/(?!.*\/src\/)/, '/dist/')
    : import.meta.url
  return new URL(place, here)
}

function readDashboard(): Dashboard {
  const folder = builtFolder('../../dashboard/app/')
  const files = new Map<string, { readonly type: string; readonly text: string }>()
  for (const name of readdirSync(folder)) {
    const type = name.endsWith('.js') ? 'text/javascript' : name.endsWith('.css') ? 'text/css' : undefined
    if (type === undefined) continue
    files.set(name, { type: `${type}; charset=utf-8`, text: readFileSync(new URL(name, folder), 'utf8') })
  }
  const stylesheet = [...files].find(([name]) => name.endsWith('.css'))?.[1].text ?? ''
  return { page: readFileSync(new URL('index.html', folder), 'utf8'), stylesheet, files }
}
