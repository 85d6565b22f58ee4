/** What stands around the running of an operation: who may look at the schema, how long it may take, and what a refusal is over HTTP. */
import { type DocumentNode, type ExecutionResult, GraphQLError, NoSchemaIntrospectionCustomRule } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { Clock } from '../../clock.ts'
import { may } from '../auth/permissions.ts'
import type { ApiContext } from '../schema/context.ts'
import type { ApiLimits } from './rate-limits.ts'

type GuardPlugin = Plugin<ApiContext>

/** Introspection is refused to who may not see the schema; no error guesses names for anybody. */
export const introspectionGuard: GuardPlugin = {
  onValidate({ context, addValidationRule }) {
    if (!may(context.viewer, 'schema.read')) addValidationRule(NoSchemaIntrospectionCustomRule)
  },
}

/** Answers an operation that takes too long; what it has begun may go on, and a mutation says so. */
export function deadlineGuard(limits: Pick<ApiLimits, 'queryMs' | 'mutationMs'>, clock: Clock): GuardPlugin {
  return {
    onExecute({ executeFn, setExecuteFn, args }) {
      const { definitions }: DocumentNode = args.document
      const isMutation = definitions.some((one) => one.kind === 'OperationDefinition' && one.operation === 'mutation')
      const afterMs = isMutation ? limits.mutationMs : limits.queryMs
      setExecuteFn((given) => {
        const result: unknown = executeFn(given)
        return result instanceof Promise ? within(result, afterMs, isMutation, clock) : result
      })
    },
  }
}

function within(result: Promise<unknown>, afterMs: number, isMutation: boolean, clock: Clock): Promise<unknown> {
  let timer: ReturnType<Clock['after']> | undefined
  const tooLong = new Promise<ExecutionResult>((resolve) => {
    timer = clock.after(afterMs, () => resolve({ errors: [timeoutOf(afterMs, isMutation)] }))
  })
  return Promise.race([result, tooLong]).finally(() => timer?.cancel())
}

function timeoutOf(afterMs: number, isMutation: boolean): GraphQLError {
  const rest = isMutation ? 'It may still be carried out: look at `actions`.' : 'Ask for less at once.'
  return new GraphQLError(`The request took more than ${afterMs / 1000} s. ${rest}`, {
    extensions: { code: 'TIMEOUT', http: { status: 408 } },
  })
}

/** A request of which nothing is allowed is refused with 403; one that is refused in part has its data. */
export const refusalGuard: GuardPlugin = {
  onExecute() {
    return {
      onExecuteDone({ result, setResult }) {
        if (Symbol.asyncIterator in result) return
        const { data, errors } = result
        const isEmpty = data == null || Object.values(data).every((value) => value === null)
        const [first, ...more] = errors ?? []
        if (first === undefined || !isEmpty || ![first, ...more].every(isRefusal)) return
        const refused = new GraphQLError(first.message, {
          nodes: first.nodes ?? null,
          path: first.path ?? null,
          extensions: { ...first.extensions, http: { status: 403 } },
        })
        setResult({ ...result, errors: [refused, ...more] })
      },
    }
  },
}

function isRefusal(error: GraphQLError): boolean {
  return error.extensions.code === 'FORBIDDEN'
}
