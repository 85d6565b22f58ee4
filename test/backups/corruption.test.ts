import { test, expect } from 'vitest'
import { openSync, writeSync, closeSync, statSync, readdirSync, readFileSync, truncateSync } from 'node:fs'
import { createBackupWorld } from '../support/backup-world.ts'
const hour = 3_600_000
test('try', async () => {
  const world = createBackupWorld()
  world.sql(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<2000) INSERT INTO leads SELECT 'k'||i, 'Name '||i, 'n'||i||'@x.example' FROM n`)
  await world.open(async ({ apply }) => { await apply() })
  world.later(48*hour)
  await world.open(async ({ apply }) => { await apply() })
  console.log(world.sets())
  const f = world.path('data/leads.db')
  const b = readFileSync(f)
  const at = b.indexOf('Name 1234')
  const fd = openSync(f,'r+'); writeSync(fd, Buffer.from('NAMF'),0,4,at); writeSync(fd, Buffer.alloc(4096),0,4096,4096*20); closeSync(fd)
  world.later(1*hour)
  await world.open(async ({ workspace, apply }) => {
    const c = await apply()
    const s = workspace.engine.status({kind:'database',name:'main'})
    console.log(JSON.stringify(s?.conditions.filter(c=>c.status!=='false'),null,1))
    console.log(s?.actions.map(a=>[a.action.id,a.action.summary,a.action.findings.map(f=>f.message),a.gate]))
    for (const k of ['table','standardization']) { const t=workspace.engine.status({kind:k,name:'leads'}); console.log(k,JSON.stringify(t?.conditions.filter(c=>c.status!=='false'))) }
  })
  console.log(readdirSync(world.path('.trueup/quarantine'),{recursive:true}))
  world.remove()
}, 120000)
