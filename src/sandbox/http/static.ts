/** The files of the page, under a policy that lets them load nothing from anywhere else. */
import { readFileSync } from 'node:fs'
import type { Answer } from './answer.ts'
import { refusals } from './refusal.ts'
import type { SandboxRequest } from './request.ts'

const files: Readonly<Record<string, readonly [string, string]>> = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/page.js': ['page.js', 'text/javascript; charset=utf-8'],
  '/page.css': ['page.css', 'text/css; charset=utf-8'],
}

const headers = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
}

/** @throws ApiRefusal 404 for any other path. */
export function staticAnswer(request: SandboxRequest): Answer {
  const file = request.method === 'GET' && Object.hasOwn(files, request.path) ? files[request.path] : undefined
  if (file === undefined) throw refusals.noRoute()
  const [name, contentType] = file
  return { status: 200, contentType, body: readFileSync(new URL(`../static/${name}`, import.meta.url)), headers }
}
