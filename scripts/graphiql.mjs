/**
 * Takes the page of GraphiQL out of its package and puts it beside the dashboard as files of our own, so that a browser asks
 * no other host for it, and nothing of it has to stand within the page.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const require = createRequire(import.meta.url)

const pageOf = (script, stylesheet) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>GraphiQL · Trueup</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/graphiql/${stylesheet}"></head>
<body class="no-focus-outline"><div id="root"></div><noscript>This page needs JavaScript.</noscript>
<script src="/graphiql/${script}"></script></body></html>
`

const startOf = (workers) => `
self.MonacoEnvironment = { globalAPI: false, getWorkerUrl: (_module, label) => (${JSON.stringify(workers)})[label] }
YogaGraphiQL.renderYogaGraphiQL(document.querySelector('#root'), { title: 'Trueup', defaultQuery: '{ controller { verdict } }' })
`

/** Gives the path of the module that it was taken from, for its licence. */
export async function buildGraphiql(target) {
  const entry = require.resolve('@graphql-yoga/render-graphiql')
  const source = join(dirname(entry), '../esm/graphiql.js')
  const { js, css, editorWorkerService, jsonWorker, graphqlWorker } = await import(pathToFileURL(source).href)
  mkdirSync(target, { recursive: true })
  const put = (name, type, text) => {
    const file = `${name}-${createHash('sha256').update(text).digest('base64url').slice(0, 8)}.${type}`
    writeFileSync(join(target, file), text)
    return file
  }
  const workers = {
    editorWorkerService: `/graphiql/${put('editor', 'js', editorWorkerService)}`,
    json: `/graphiql/${put('json', 'js', jsonWorker)}`,
    graphql: `/graphiql/${put('graphql', 'js', graphqlWorker)}`,
  }
  const script = put('graphiql', 'js', `${js};${startOf(workers)}`)
  writeFileSync(join(target, 'index.html'), pageOf(script, put('graphiql', 'css', css)))
  return [source]
}
