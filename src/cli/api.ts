/** The API that a command talks to: that of the controller that runs on the workspace, else the same one in this process. */
import type { z } from 'zod'
import { systemClock } from '../clock.ts'
import type { JsonObject } from '../json.ts'
import { systemRandom } from '../random.ts'
import { openLocalApi } from '../workspace/local-api.ts'
import type { Workspace, WorkspaceOptions } from '../workspace/workspace.ts'
import type { CommonOptions } from './command.ts'
import { controllerOf, dataOf } from './controller.ts'
import { localActor } from './local-actor.ts'
import { withWorkspace } from './workspace.ts'

export interface CommandApi {
  /** Any operation; gives its `data`. Throws what the API refuses. */
  request<Data>(query: string, variables: JsonObject, schema: z.ZodType<Data>): Promise<Data>
  /** The workspace, where this process holds it: what is asked for is then carried out here. */
  readonly workspace: Workspace | undefined
}

/** Runs `work` on the API. Without a controller the workspace is opened for the purpose, and closed again. */
export async function withApi<const Result>(
  options: CommonOptions,
  purpose: WorkspaceOptions['purpose'],
  work: (api: CommandApi) => Promise<Result>,
): Promise<Result> {
  const controller = await controllerOf(options)
  if (controller !== undefined) return work({ request: controller.request, workspace: undefined })
  return withWorkspace(options, purpose, async (workspace) => {
    const subject = localActor().replace(/^local:/, '')
    const api = openLocalApi(workspace, { clock: systemClock, random: systemRandom, subject })
    try {
      return await work({
        request: async (query, variables, schema) => dataOf(await api.request(query, variables), schema),
        workspace,
      })
    } finally {
      await api.close()
    }
  })
}
