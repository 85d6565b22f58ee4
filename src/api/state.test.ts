import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { testingAction, testingEvent, testingResource } from './testing-engine.ts'
import { startTestingServer, type TestingServer } from './testing-server.ts'

let server: TestingServer
beforeAll(async () => {
  server = await startTestingServer()
})
afterAll(() => server.close())
beforeEach(() => {
  server.engine.calls.length = 0
})

describe('seeing the state', () => {
  test('controller, resources, drift, plan and queue tell one story', async () => {
    const { data, errors } = await server.query(`{
      controller { verdict generation mode uptimeSeconds lease { holder } }
      resources(kind: "table") { id kind name status drift { id severity message } actions { id gate { decision reasons { message } } } checks { status } }
      driftReport(severity: CRITICAL) { total affectedRecords bySeverity { severity count } drift { path } }
      plan { id actions { id summary risk reversible findings { code count } preview { before after } affected { count } } }
      interventionQueue { reason severity message nextStep action { id } }
      healthReport { status issues { message suggestion actionId } figures { issues affectedRecords } }
    }`)
    expect(errors).toBeUndefined()
    expect(data?.controller).toMatchObject({ verdict: '1 needs you.', generation: 1, mode: 'enforce' })
    expect(data?.resources).toMatchObject([
      { id: 'Resource:table/leads', status: 'WAITING', drift: [{ severity: 'CRITICAL' }] },
    ])
    expect(data?.driftReport).toMatchObject({ total: 1, affectedRecords: 3, drift: [{ path: 'fields.phone' }] })
    expect(data?.plan).toMatchObject({ id: 'plan1', actions: [{ risk: 'CRITICAL', reversible: 'FROM_CHECKPOINT' }] })
    expect(data?.interventionQueue).toMatchObject([
      {
        reason: 'approval',
        severity: 'CRITICAL',
        action: { id: 'a1b2c3' },
        nextStep: 'a critical action needs an approval',
      },
    ])
    expect(data?.healthReport).toMatchObject({
      status: 'FAILED',
      issues: [{ actionId: 'a1b2c3' }],
      figures: { issues: 1 },
    })
  })

  test.each([
    ['converged', testingResource({ drift: [], actions: [] })],
    [
      'drifted',
      testingResource({
        actions: [testingAction({ gate: { ...testingAction().gate, decision: 'auto', runnable: true } })],
      }),
    ],
    ['waiting', testingResource()],
    [
      'unreadable',
      testingResource({
        observation: 'unreadable',
        error: { code: 'DATABASE_LOCKED', message: 'locked', hint: 'wait' },
      }),
    ],
    ['unknown', testingResource({ observation: null, drift: [], actions: [] })],
  ])('a resource that is %s says so, and the filter finds it', async (status, resource) => {
    const before = server.engine.known.resources
    server.engine.known.resources = [resource]
    const { data } = await server.query(`{ resources(status: ${status.toUpperCase()}) { status } }`)
    server.engine.known.resources = before
    expect(data?.resources).toEqual([{ status: status.toUpperCase() }])
  })
})

describe('acting on the state', () => {
  const approve = `mutation ($input: ApproveActionsInput!) { approveActions(input: $input) { __typename
    ... on Approved { runId actions { actionId approvalsGiven approvalsNeeded } } ... on UserError { message code }
    ... on PlanStale { whatChanged actionIds } } }`

  test('an approval names the person, the plan and the actions', async () => {
    const { data } = await server.query(approve, {
      input: { planId: 'plan1', actionIds: ['a1b2c3'], comment: 'looked at it' },
    })
    expect(data?.approveActions).toEqual({
      __typename: 'Approved',
      runId: 'run1',
      actions: [{ actionId: 'a1b2c3', approvalsGiven: 1, approvalsNeeded: 1 }],
    })
    expect(server.engine.calls).toEqual([
      {
        method: 'approve',
        request: { planId: 'plan1', actionIds: ['a1b2c3'], approver: 'token:admin', comment: 'looked at it' },
      },
    ])
  })

  test.each([
    [
      { is: 'plan-stale', actionIds: ['x'], whatChanged: ['12 records changed since'] } as const,
      'PlanStale',
      /12 records/,
    ],
    [{ is: 'plan-expired', actionIds: ['x'], message: 'too old' } as const, 'PlanExpired', /too old/],
    [
      { is: 'self-approval', actionIds: ['x'], message: 'another person must' } as const,
      'SelfApprovalForbidden',
      /another/,
    ],
  ])('the refusal %j is a type of its own', async (outcome, type, message) => {
    const before = server.engine.known.approve
    server.engine.known.approve = outcome
    const { data } = await server.query(approve, { input: { actionIds: ['x'] } })
    server.engine.known.approve = before
    expect(data?.approveActions).toMatchObject({ __typename: type, message: expect.stringMatching(message) })
  })

  test('a viewer gets Forbidden as a value, and the engine is not asked', async () => {
    const { data } = await server.query(approve, { input: { actionIds: ['x'] } }, server.tokenOf('viewer'))
    expect(data?.approveActions).toEqual({
      __typename: 'Forbidden',
      code: 'FORBIDDEN',
      message: expect.stringContaining('actions.approve'),
    })
    expect(server.engine.calls).toEqual([])
  })

  test('no ids, or too many, never reach the engine', async () => {
    const { errors } = await server.query(approve, { input: { actionIds: [] } })
    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      issues: [{ path: ['input', 'actionIds'] }],
    })
    expect(server.engine.calls).toEqual([])
  })

  test('reconcile gives a receipt to wait on, suspend and resume the resource, unknown names are not found', async () => {
    const { data } = await server.query(`mutation {
      all: reconcile(input: {}) { ... on ReconcileReceipt { runId } }
      none: reconcile(input: { kind: "table", name: "none" }) { __typename ... on UserError { message } }
      suspend: suspendResource(input: { kind: "table", name: "leads", reason: "migration" }) { ... on SuspensionChanged { resource { name } } }
      resume: resumeResource(input: { kind: "table", name: "none" }) { __typename }
      undo: undo(input: { id: "x" }) { __typename }
    }`)
    expect(data).toEqual({
      all: { runId: 'run1' },
      none: { __typename: 'NotFound', message: 'There is no resource table/none.' },
      suspend: { resource: { name: 'leads' } },
      resume: { __typename: 'NotFound' },
      undo: { __typename: 'NotFound' },
    })
  })

  test('an undo is of an id, or since a moment with or without a resource; anything else never reaches the engine', async () => {
    const undo = 'mutation ($input: UndoInput!) { undo(input: $input) { __typename } }'
    const since = '2026-11-26T10:00:00Z'
    await server.query(undo, { input: { since, resource: 'table/leads' } })
    expect(server.engine.calls).toMatchObject([
      { method: 'undo', request: { of: { is: 'since', sinceMs: Date.parse(since), resource: 'table/leads' } } },
    ])
    for (const input of [{}, { id: 'x', since }, { id: 'x', keepTheirs: ['a'], take: ['a'] }, { since: 'yesterday' }]) {
      expect((await server.query(undo, { input })).data?.undo).toEqual({ __typename: 'InputInvalid' })
    }
    expect(server.engine.calls).toHaveLength(1)
  })

  test('an invalid desired state comes back with line and column', async () => {
    const { data } = await server.query(
      'mutation { applyDesiredState(input: { yaml: "x" }) { ... on DesiredStateInvalid { message problems { line column path } } } }',
    )
    expect(data?.applyDesiredState).toEqual({
      message: '3:5: tables: is wrong',
      problems: [{ line: 3, column: 5, path: 'tables' }],
    })
  })
})

describe('subscriptions', () => {
  test('events after a cursor come first, then those that happen; leaving ends the watch at once', async () => {
    const { happened } = server.engine
    happened.put(testingEvent(1))
    happened.put(testingEvent(2))
    const subscription = await server.subscribe('subscription { events(after: "1") { cursor message } }')
    expect(subscription.status).toBe(200)
    expect(await subscription.next()).toEqual({ data: { events: { cursor: '2', message: 'event 2' } } })
    happened.put(testingEvent(3))
    expect(await subscription.next()).toEqual({ data: { events: { cursor: '3', message: 'event 3' } } })
    expect(happened.watchers()).toBe(1)
    subscription.close()
    await expect.poll(() => happened.watchers()).toBe(0)
  })

  test('progress of a run and changes of resources are told', async () => {
    const progress = await server.subscribe('subscription { progress(runId: "run1") { state done total } }')
    server.engine.progressed.put({
      runId: 'run1',
      state: 'running',
      resource: null,
      verb: null,
      done: 1,
      total: 2,
      message: '',
    })
    expect(await progress.next()).toEqual({ data: { progress: { state: 'running', done: 1, total: 2 } } })
    progress.close()
    const changes = await server.subscribe('subscription { resourceChanged { name status } }')
    await expect.poll(() => server.engine.changed.watchers()).toBe(1)
    server.engine.changed.put(testingResource())
    expect(await changes.next()).toEqual({ data: { resourceChanged: { name: 'leads', status: 'WAITING' } } })
    changes.close()
  })

  test('what a program writes comes piece by piece; an unknown program is an error', async () => {
    const output = await server.subscribe('subscription { programOutput(name: "scraper") }')
    expect(await output.next()).toEqual({ data: { programOutput: 'hello\n' } })
    expect(await output.next()).toEqual({ data: { programOutput: 'again\n' } })
    output.close()
    const none = await server.subscribe('subscription { programOutput(name: "none") }')
    expect((await none.next())?.errors?.[0]?.extensions?.code).toBe('NOT_FOUND')
    none.close()
  })

  test('closing the server ends them', async () => {
    const other = await startTestingServer()
    const subscription = await other.subscribe('subscription { events { cursor } }')
    await expect.poll(() => other.engine.happened.watchers()).toBe(1)
    const next = subscription.next().catch(() => 'cut')
    await other.close()
    expect([undefined, 'cut']).toContain(await next)
    await expect.poll(() => other.engine.happened.watchers()).toBe(0)
  })
})
