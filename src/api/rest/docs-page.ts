/** The REST paths as a page: made on the server of the OpenAPI document, with nothing from elsewhere and no script. */
import { type Html, page, raw } from '../page/html.ts'
import type { OpenApi, OpenApiOperation } from './openapi.ts'

export const docsStylesheet = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem; color: #1f2933; background: #fff }
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin-top: 2rem; border-bottom: 1px solid #d9e2ec }
details { border-bottom: 1px solid #eef2f6; padding: .4rem 0 } summary { cursor: pointer }
code, pre { font: 13px/1.5 ui-monospace, monospace } pre { background: #f5f7fa; padding: .6rem; overflow: auto }
table { border-collapse: collapse } td { padding: .1rem 1rem .1rem 0; vertical-align: top }
b { display: inline-block; min-width: 4.5rem; font-family: ui-monospace, monospace }
@media (prefers-color-scheme: dark) { body { background: #14181d; color: #d9e2ec } pre { background: #1f2630 } h2, details { border-color: #2d3742 } a { color: #8fc1ff } }
`

/** @param address of this server, for the examples. */
export function docsPage(document: OpenApi, address: string): string {
  const groups = new Map<string, Html[]>()
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const [group = ''] = operation.tags
      groups.set(group, [...(groups.get(group) ?? []), operationHtml(method.toUpperCase(), path, operation, address)])
    }
  }
  const sections = [...groups].map(([group, operations]) => raw`<section><h2>${group}</h2>${operations}</section>`)
  return page({
    title: 'REST API',
    stylesheet: '/api/docs.css',
    body: raw`<h1>REST API</h1>
<p>The same rules, rights, masking and limits as <a href="/graphql">GraphQL</a>. For programs: <a href="/api/openapi.json">openapi.json</a>.
Send <code>Authorization: Bearer TOKEN</code>. A refusal is <code>{"error": {"code", "message"}}</code>; 202 means that it waits for a person.</p>
${sections}`,
  })
}

function operationHtml(method: string, path: string, operation: OpenApiOperation, address: string): Html {
  const rows = operation.parameters.map(
    ({ name, in: place, required, description }) =>
      raw`<tr><td><code>${name}</code></td><td>${place}${required ? ', required' : ''}</td><td>${description ?? ''}</td></tr>`,
  )
  const body = bodyOf(operation)
  return raw`<details><summary><b>${method}</b> <code>${path}</code> ${operation.summary}</summary>
${rows.length === 0 ? '' : raw`<table>${rows}</table>`}
${body === undefined ? '' : raw`<p>The body is a JSON object, <code>${body}</code> in openapi.json.</p>`}
<pre>${curl(method, `${address}${path}`, body !== undefined)}</pre></details>`
}

function bodyOf({ requestBody }: OpenApiOperation): string | undefined {
  return requestBody === undefined ? undefined : /schemas\/(\w+)"/.exec(JSON.stringify(requestBody))?.[1]
}

function curl(method: string, url: string, hasBody: boolean): string {
  const verb = method === 'GET' ? '' : ` -X ${method}`
  const body = hasBody ? ` -H 'content-type: application/json' -d '{}'` : ''
  return `curl${verb} '${url}' -H "authorization: Bearer $TRUEUP_TOKEN"${body}`
}
