/** Asks the API over GraphQL. What comes back is parsed by a shape, so that a view never meets a value it does not know. */
import * as z from 'zod/mini'

// The faster parsers of zod are made by `new Function`, which the page's policy forbids.
z.config({ jitless: true })

/** The session is over, or there never was one. */
export class SignedOut extends Error {}
/** No answer, or none that makes sense: the controller is down or on its way up. */
export class Unreachable extends Error {}
/** An answer of another shape: the page is older or newer than the program. */
class Unexpected extends Error {}
/** The API answered, and said no. */
export class Refused extends Error {
  readonly code: string
  constructor(message: string, code: string) {
    super(message)
    this.code = code
  }
}

const answerShape = z.object({
  data: z.optional(z.unknown()),
  errors: z.optional(
    z.array(z.object({ message: z.string(), extensions: z.optional(z.object({ code: z.optional(z.string()) })) })),
  ),
})

/** Variables as they are sent: JSON, and what is undefined is left out. */
export type Variables = Readonly<Record<string, unknown>>

/** Sends one document. Throws {@link SignedOut}, {@link Unreachable}, {@link Refused} or {@link Unexpected}. */
export async function ask<Shape extends z.core.$ZodType>(
  document: string,
  shape: Shape,
  variables: Variables = {},
): Promise<z.output<Shape>> {
  const answer = await send(document, variables)
  const [first] = answer.errors ?? []
  if (first !== undefined) throw new Refused(first.message, first.extensions?.code ?? '')
  const parsed = z.safeParse(shape, answer.data)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new Unexpected(`The answer is not what this page knows (${issue?.path.join('.')}). Load the page again.`)
  }
  return parsed.data
}

async function send(query: string, variables: Variables): Promise<z.output<typeof answerShape>> {
  let response: Response
  try {
    response = await fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ query, variables }),
    })
  } catch {
    throw new Unreachable('The controller does not answer.')
  }
  if (response.status === 401) throw new SignedOut('The session is over.')
  let body: unknown
  try {
    body = await response.json()
  } catch {
    throw new Unreachable(`The controller answered ${response.status} without an explanation.`)
  }
  const answer = z.safeParse(answerShape, body)
  if (!answer.success) throw new Unreachable(`The controller answered ${response.status} without an explanation.`)
  return answer.data
}

/** A sentence for whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
