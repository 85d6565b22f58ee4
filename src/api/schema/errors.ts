/** Refusals that plugins throw; every mutation has them in its result union, queries give them as GraphQL errors. */
import { GraphQLError } from 'graphql'
import { OperationalError } from '../../errors.ts'
import type { FieldProblem } from '../../leads/filter.ts'
import { withoutPersons } from '../../scrub.ts'

/** The viewer's role does not allow it. */
export class ForbiddenError extends GraphQLError {
  constructor(permission: string) {
    super(`The role of this token does not allow ${permission}.`, { extensions: { code: 'FORBIDDEN', permission } })
  }
}

/** A given value is not valid; every problem is named with its path. */
export class InputInvalidError extends GraphQLError {
  readonly problems: readonly FieldProblem[]
  constructor(problems: readonly FieldProblem[]) {
    const text = problems.map(({ path, message }) => [...path, message].join(path.length === 0 ? '' : ': ')).join('; ')
    super(`The input is not valid: ${text}`, { extensions: { code: 'BAD_USER_INPUT', issues: problems } })
    this.problems = problems
  }
}

/** The same error with words that name nobody: the text of a query comes back in errors, and stands in logs of others. */
function inWords(error: GraphQLError): GraphQLError {
  const message = withoutPersons(error.message)
  if (message === error.message) return error
  const { nodes, source, positions, path, extensions, originalError } = error
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    path: path ?? null,
    extensions,
    originalError,
  })
}

/** What may be shown of any error: those made for a person, without secrets and addresses; all others without their text. */
export function shownError(error: unknown): GraphQLError | undefined {
  if (error instanceof OperationalError) {
    const { code, hint } = error
    return new GraphQLError(withoutPersons(error.message), { extensions: { code, hint: withoutPersons(hint) } })
  }
  if (!(error instanceof GraphQLError)) return undefined
  const { originalError } = error
  if (originalError === undefined || originalError instanceof GraphQLError) return inWords(error)
  const shown = shownError(originalError)
  return (
    shown &&
    new GraphQLError(shown.message, {
      nodes: error.nodes ?? null,
      path: error.path ?? null,
      extensions: shown.extensions,
    })
  )
}
