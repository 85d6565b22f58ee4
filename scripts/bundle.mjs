/** What the build of the product and that of the simulator have in common. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

export const source = resolve('src')

/** Native, or it loads files of its own while it runs. */
export const keptOutside = ['better-sqlite3', 'pino']

/** All modules that are no tests, relative to src. */
export function modules() {
  return readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
  )
}

/** Whether a module is an entry of a worker thread or child process. */
export const offersWork = (file) => /^serve\(/m.test(readFileSync(join(source, file), 'utf8'))

/** `import.meta.url` of a module names the place that the module itself would have in dist/, whatever chunk it is put in. */
export const keepPlaces = {
  name: 'keep-places',
  transform(code, id) {
    if (!id.startsWith(source) || !code.includes('import.meta.url')) return undefined
    const place = relative(source, id).replace(/\.ts$/, '.js')
    return { code: code.replaceAll('import.meta.url', `placeOf(${JSON.stringify(place)})`), map: null }
  },
  renderChunk(code, { fileName }) {
    const placed = code.replace(/placeOf\("([^"]+)"\)/g, (_, place) => {
      const path = relative(dirname(fileName), place)
      return `new URL(${JSON.stringify(path.startsWith('.') ? path : `./${path}`)}, import.meta.url).href`
    })
    return { code: placed, map: null }
  },
}
