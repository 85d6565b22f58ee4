/** Builds the dashboard for the browser: one script and one stylesheet, named after their content, and the page that loads them. */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'

/** The parts of the stylesheet, in their order: later ones overrule earlier ones. */
const styles = [
  'base',
  'frame',
  'notices',
  'cards',
  'tables',
  'tags',
  'controls',
  'lists',
  'figures',
  'records',
  'dialogs',
  'editor',
  'charts',
  'narrow',
]

const pageOf = (script, stylesheet) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Trueup</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/app/${stylesheet}"><script type="module" src="/app/${script}"></script></head>
<body><div id="app"></div><noscript>This page needs JavaScript. Without it, use the command line: trueup status.</noscript></body></html>
`

/** Gives the paths of all modules that are in it. */
export async function buildDashboard(source, target) {
  const bundle = await rolldown({
    input: { app: join(source, 'main.tsx') },
    platform: 'browser',
    transform: { target: 'es2022' },
    onLog(level, log) {
      if (level === 'warn' && log.id?.includes('node_modules') !== true) throw new Error(log.message)
    },
  })
  const { output } = await bundle.write({
    dir: target,
    format: 'esm',
    entryFileNames: '[name]-[hash].js',
    // What a view loads when it is first needed, such as the editor.
    chunkFileNames: '[name]-[hash].js',
    minify: true,
  })
  const css = styles.map((name) => readFileSync(join(source, 'styles', `${name}.css`), 'utf8')).join('')
  const stylesheet = `app-${createHash('sha256').update(css).digest('base64url').slice(0, 8)}.css`
  mkdirSync(target, { recursive: true })
  writeFileSync(join(target, stylesheet), css)
  writeFileSync(join(target, 'index.html'), pageOf(output.find((part) => part.isEntry).fileName, stylesheet))
  return output.flatMap((part) => (part.type === 'chunk' ? part.moduleIds : []))
}
