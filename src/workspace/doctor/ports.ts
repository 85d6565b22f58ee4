/** Whether the controller can listen where it shall, or already does. */
import { createServer } from 'node:net'
import { messageOf } from '../../errors.ts'
import { checksOf, type DoctorCheck } from './check.ts'

const { ok, fail } = checksOf('ports')

/** @param controller the address of the controller that holds the lease of this workspace, if it answers anywhere. */
export async function checkPort(host: string, port: number, controller: string | undefined): Promise<DoctorCheck> {
  const place = `${host}:${port}`
  if (controller !== undefined && Number(new URL(controller).port) === port)
    return ok('api', `port ${place} is that of this workspace's controller, ${controller}`)
  const refusal = await refusalOf(host, port)
  if (refusal === undefined) return ok('api', `port ${place} is free`)
  return refusal === 'EADDRINUSE'
    ? fail(
        'api',
        `port ${place} is taken by another program`,
        `Find it with \`ss -ltnp sport = :${port}\`, or start with \`trueup run --port N\`.`,
      )
    : fail(
        'api',
        `port ${place} cannot be listened on (${refusal})`,
        'Choose another with `trueup run --port N --host ADDRESS`.',
      )
}

function refusalOf(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error) => resolve('code' in error ? String(error.code) : messageOf(error)))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)))
  })
}
