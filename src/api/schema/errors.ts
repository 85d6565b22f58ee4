/** Refusals that plugins throw; every mutation has them in its result union, queries give them as GraphQL errors. */
import { GraphQLError } from 'graphql'
import { OperationalError } from '../../errors.ts'
import type { FieldProblem } from '../../leads/filter.ts'

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

/** What may be shown of any error: those made for a person as they are, everything else without its text. */
export function shownError(error: unknown): GraphQLError | undefined {
  if (error instanceof OperationalError) {
    const { code, hint } = error
    return new GraphQLError(error.message, { extensions: { code, hint } })
  }
  if (!(error instanceof GraphQLError)) return undefined
  const { originalError } = error
  if (originalError === undefined || originalError instanceof GraphQLError) return error
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
