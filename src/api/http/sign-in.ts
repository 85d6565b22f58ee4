/** The sign-in page: a one-time link or a token becomes a session cookie that scripts cannot read. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AccessNotes } from '../access-notes.ts'
import { type Auth, sessionCookie } from '../auth/auth.ts'
import { sessionLifeMs } from '../auth/sessions.ts'
import { page, raw } from '../page/html.ts'
import { redirect, send, sendError, sendTooMany } from './respond.ts'

const formBytesMax = 4096

export interface SignInPorts {
  readonly auth: Auth
  readonly notes: AccessNotes
  /** Counts an attempt; gives how many seconds to wait, or 0. */
  readonly attempt: () => number
  /** Whether the browser came by https: then the cookie goes no other way. */
  readonly isSecure: boolean
}

export async function handleSignIn(
  request: IncomingMessage,
  response: ServerResponse,
  ports: SignInPorts,
): Promise<void> {
  const { auth } = ports
  const isTooOften = (): boolean => {
    const waitSeconds = ports.attempt()
    if (waitSeconds > 0) sendTooMany(response, waitSeconds, 'Too many attempts to sign in.')
    return waitSeconds > 0
  }
  if (request.method === 'POST') {
    // Only our own page may send the form: a browser names the page's origin, which was checked already.
    if (request.headers.origin === undefined) return sendError(response, 403, 'ORIGIN', 'Not from another site.')
    if (isTooOften()) return
    const form = await readForm(request)
    if (form === undefined) return sendError(response, 413, 'TOO_LARGE', 'The form is too large.')
    return open(response, auth.signIn({ token: form.get('token')?.trim() ?? '' }), 'token', ports)
  }
  if (request.method !== 'GET') return sendError(response, 405, 'METHOD', 'Only GET and POST.')
  const code = new URL(request.url ?? '/', 'http://local').searchParams.get('code')
  if (code === null) return send(response, 200, 'text/html; charset=utf-8', signInPage(''))
  if (isTooOften()) return
  return open(response, auth.signIn({ code }), 'link', ports)
}

export function handleSignOut(
  request: IncomingMessage,
  response: ServerResponse,
  { auth, isSecure }: Pick<SignInPorts, 'auth' | 'isSecure'>,
): void {
  if (request.method !== 'POST' || request.headers.origin === undefined) {
    sendError(response, 403, 'ORIGIN', 'Only by POST from our own page.')
    return
  }
  auth.signOut(request.headers.cookie)
  response.setHeader('set-cookie', cookieOf('', 0, isSecure))
  redirect(response, '/sign-in')
}

function open(
  response: ServerResponse,
  signedIn: ReturnType<Auth['signIn']>,
  by: 'link' | 'token',
  { notes, isSecure }: SignInPorts,
): void {
  if (signedIn === undefined) {
    notes.signInRefused()
    const problem = 'That is no valid token, or the link was used already or is older than ten minutes.'
    send(response, 401, 'text/html; charset=utf-8', signInPage(problem))
    return
  }
  notes.signedIn(signedIn.viewer, by)
  response.setHeader('set-cookie', cookieOf(signedIn.session, Math.floor(sessionLifeMs / 1000), isSecure))
  redirect(response, '/')
}

function cookieOf(value: string, ageSeconds: number, isSecure: boolean): string {
  const secure = isSecure ? '; Secure' : ''
  return `${sessionCookie}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${ageSeconds}${secure}`
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) {
    text += String(chunk)
    if (text.length > formBytesMax) return undefined
  }
  return new URLSearchParams(text)
}

function signInPage(problem: string): string {
  return page({
    title: 'Sign in',
    stylesheet: '/sign-in.css',
    body: raw`<main class="narrow"><h1>Trueup</h1>
<form method="post" action="/sign-in"><label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="off" required autofocus>
<button>Sign in</button></form>
<p role="alert">${problem}</p>
<p>The first token is in <code>.trueup/admin.token</code> beside the desired state; the program prints a link when it starts.</p></main>`,
  })
}
