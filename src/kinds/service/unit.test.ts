/**
 * What is asked of `systemctl` and what its answers mean. There is no systemd here: a program of that name on PATH stands
 * for it, keeps units in files and answers in the form of systemd 252. That systemd itself does as it is told is not shown.
 */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { liveOnce } from '../../sim/testing-life.ts'
import { createSystemd, parseShow, type Systemd } from '../../targets/process/systemd.ts'

const script = `#!/bin/sh
# Units are files named after them that hold the state.
here=$(dirname "$0")
printf '%s\\n' "$*" >>"$here/asked"
while case $1 in --*) true ;; *) false ;; esac; do shift; done
verb=$1 unit=$2
case $unit in hang*) sleep 60 ;; esac
if [ "$verb" = show ]; then
  if [ -e "$here/$unit" ]; then
    state=$(cat "$here/$unit")
    pid=0; [ "$state" = active ] && pid=4711
    printf 'Result=success\\nMainPID=%s\\nNRestarts=2\\nMemoryCurrent=1048576\\nLoadState=loaded\\nActiveState=%s\\nSubState=running\\n' "$pid" "$state"
  else
    printf 'Result=success\\nMainPID=0\\nNRestarts=0\\nMemoryCurrent=[not set]\\nLoadState=not-found\\nActiveState=inactive\\nSubState=dead\\n'
  fi
  exit 0
fi
if [ ! -e "$here/$unit" ]; then echo "Failed to $verb $unit: Unit $unit not found." >&2; exit 5; fi
case $verb in start | restart) echo active >"$here/$unit" ;; stop) echo inactive >"$here/$unit" ;; esac
`

let folder: string
let systemd: Systemd

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trueup-systemd-'))
  writeFileSync(join(folder, 'systemctl'), script)
  chmodSync(join(folder, 'systemctl'), 0o755)
  const path = `${folder}${delimiter}${process.env.PATH ?? ''}`
  systemd = createSystemd({ path, bootedFolder: folder, deadlineMs: 5000 })
})
afterEach(() => rmSync(folder, { recursive: true }))

const unit = (name: string, state: string) => writeFileSync(join(folder, name), `${state}\n`)
const asked = () => readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n')

describe('a unit', () => {
  test('is asked for its properties, and told to start, restart and stop', async () => {
    unit('campaign.service', 'inactive')
    expect(await systemd.show('campaign.service')).toMatchObject({ is: 'known', active: 'inactive' })
    await systemd.start('campaign.service')
    const known = { is: 'known', active: 'active', mainPid: 4711, restarts: 2, memoryBytes: 1_048_576 }
    expect(await systemd.show('campaign.service')).toMatchObject(known)
    await systemd.restart('campaign.service')
    await systemd.stop('campaign.service')
    expect(await systemd.show('campaign.service')).toMatchObject({ active: 'inactive' })
    const show =
      'show campaign.service --property=LoadState,ActiveState,SubState,Result,MainPID,NRestarts,MemoryCurrent'
    expect(asked()).toEqual(
      [show, 'start campaign.service', show, 'restart campaign.service', 'stop campaign.service', show].map(
        (words) => `--no-pager --no-ask-password ${words}`,
      ),
    )
  })

  test('that is not there is absent; to start it fails with what systemctl says', async () => {
    expect(await systemd.show('none.service')).toEqual({ is: 'absent' })
    await expect(systemd.start('none.service')).rejects.toThrow(
      'systemctl start none.service: Failed to start none.service: Unit none.service not found.',
    )
  })

  test('is unknown where systemctl hangs, is not there, or systemd does not run; nothing is told to it then', async () => {
    const impatient = createSystemd({ path: `${folder}:/usr/bin:/bin`, bootedFolder: folder, deadlineMs: 200 })
    expect(await impatient.show('hang.service')).toEqual({
      is: 'unknown',
      why: 'systemctl cannot tell: systemctl did not answer within 0.2 s',
    })
    expect(await createSystemd({ path: '/nonexistent', bootedFolder: folder }).show('x.service')).toMatchObject({
      is: 'unknown',
    })
    const none = createSystemd({ path: folder, bootedFolder: join(folder, 'none') })
    const why = 'systemd does not run on this machine'
    expect(await none.show('x.service')).toEqual({ is: 'unknown', why })
    await expect(none.stop('x.service')).rejects.toThrow(why)
  })

  test('that tells no state is unknown', () => {
    expect(parseShow('MainPID=1\n')).toEqual({ is: 'unknown', why: 'systemctl did not tell the state' })
  })
})

describe('a service that is a unit', () => {
  const key = { kind: 'service', name: 'campaign' }
  const live = (service: object = {}) => {
    mkdirSync(join(folder, '.trueup'), { recursive: true })
    return liveOnce({ folder, services: { campaign: { systemd: 'campaign.service', ...service } }, systemd })
  }

  test('is started when it is down, and only reported where it is observed', async () => {
    unit('campaign.service', 'failed')
    const observed = await live({ manage: 'observe' })
    expect(observed.executed).toEqual([])
    expect(observed.engine.statuses.get(key)?.drift).toMatchObject([
      { path: 'process', message: 'campaign does not run: systemd says failed (success)' },
    ])
    const started = await live()
    expect(started.executed).toMatchObject([{ action: { verb: 'start-unit' }, execution: { is: 'succeeded' } }])
    expect((await live()).executed).toEqual([])
    expect(readFileSync(join(folder, 'campaign.service'), 'utf8')).toBe('active\n')
  })

  test('is restarted when its probe says that it does not live', async () => {
    unit('campaign.service', 'active')
    const probe = { exec: ['false'], failures: 1, startup: '0s' }
    const ended = await live({ probe })
    expect(ended.executed.map(({ action }) => action.verb)).toContain('restart-unit')
  })
})
