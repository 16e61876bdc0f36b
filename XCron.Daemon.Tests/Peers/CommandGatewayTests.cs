using XCron.Daemon.Peers;
using XCron.Proto.Cluster;
using XCron.Raft;

namespace XCron.Daemon.Tests.Peers;

/// <summary>Node 1 of three; the leader, where it is another, is played by the test at the end of a stream.</summary>
[CancelAfter(10_000)]
internal sealed class CommandGatewayTests
{
    private static readonly TimeSpan PastDeadline = TimeSpan.FromSeconds(4);

    private ManualTime _time = null!;
    private InMemoryRaft _raft = null!;
    private InMemoryDialer _dialer = null!;
    private CommandGateway _gateway = null!;

    [SetUp]
    public void SetUp()
    {
        _time = new ManualTime();
        _raft = new InMemoryRaft(1, 2, 3);
        _dialer = new InMemoryDialer();
        _gateway = GatewayWith(new PeerOptions { Address = InMemoryRaft.AddressOf(1) });
    }

    [TearDown]
    public async Task TearDown() => await _gateway.DisposeAsync();

    [Test]
    public async Task The_leader_proposes_itself()
    {
        _raft.Lead(1);

        var outcome = await SubmitAsync(5);

        Assert.That(outcome, Is.TypeOf<ProposeOutcome.Applied>());
        Assert.That((_raft.Proposals, _gateway.WaitingCommands), Is.EqualTo((1, 0)));
    }

#if !DEBUG
    [Test]
    public async Task The_leaders_path_allocates_nothing()
    {
        const int Commands = 1000;
        var applied = new ProposeOutcome.Applied(new LogIndex(1), new Term(1), default);
        _raft.Propose = (_, _) => new(applied);
        _raft.Lead(1);
        var command = new byte[] { 1 };
        await _gateway.SubmitAsync(command, CancellationToken.None);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Commands; i++)
            await _gateway.SubmitAsync(command, CancellationToken.None);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.That(allocated, Is.Zero);
    }
#endif

    [Test]
    public async Task A_follower_sends_what_waits_in_one_message_and_takes_answers_in_any_order()
    {
        _raft.Lead(2);
        var first = SubmitAsync(0);
        var stream = await _dialer.AcceptForwardAsync();
        var writesMayGo = new TaskCompletionSource();
        stream.WritesMayGo = writesMayGo.Task;
        stream.Answer(new ForwardReply());
        var rest = Enumerable.Range(1, 9).Select(SubmitAsync).ToArray();
        writesMayGo.SetResult();

        List<ForwardRequest> messages = [await stream.TakeAsync()];
        while (messages.Sum(message => message.Commands.Count) < 10)
            messages.Add(await stream.TakeAsync());
        foreach (var command in messages.SelectMany(message => message.Commands).Reverse())
            stream.Answer(Answer(command.Id, code: 100 + command.Command[0]));
        var codes = (await Task.WhenAll([first, .. rest]))
            .Select(outcome => ((ProposeOutcome.Applied)outcome).Result.Code);

        Assert.That(stream.Address, Is.EqualTo(InMemoryRaft.AddressOf(2)));
        Assert.That(codes, Is.EqualTo(Enumerable.Range(100, 10)));
        Assert.That(messages, Has.Count.AtMost(2), "the writer may have taken some before the rest were there");
    }

    [Test]
    public async Task An_answer_carries_where_it_was_applied()
    {
        _raft.Lead(2);
        var submitted = SubmitAsync(1);
        var stream = await OpenAsync();
        var id = (await stream.TakeAsync()).Commands[0].Id;

        var wire = ForwardedOutcomes.ToWire(id, new ProposeOutcome.Applied(
            new LogIndex(42), new Term(3), new ApplyResult(1040, new byte[] { 9 })));
        stream.Answer(new ForwardReply { Outcomes = { wire } });

        var applied = (ProposeOutcome.Applied)await submitted;
        Assert.That((applied.Index, applied.Term), Is.EqualTo((new LogIndex(42), new Term(3))));
        Assert.That(applied.Result.Code, Is.EqualTo(1040));
        Assert.That(applied.Result.Data.ToArray(), Has.Length.EqualTo(1).And.All.EqualTo(9));
    }

    [TestCase(RejectReason.Overloaded)]
    [TestCase(RejectReason.TooLarge)]
    [TestCase(RejectReason.DiskFull)]
    public async Task A_leaders_refusal_is_passed_on(RejectReason reason)
    {
        _raft.Lead(2);
        var submitted = SubmitAsync(1);
        var stream = await OpenAsync();

        stream.Answer(Answer((await stream.TakeAsync()).Commands[0].Id, status: (int)reason));

        Assert.That(await submitted, Is.EqualTo(new ProposeOutcome.Rejected(reason, new NodeId(2))));
    }

    [Test]
    public async Task What_a_stopping_leader_refused_goes_to_the_next_one()
    {
        _raft.Lead(2);
        var submitted = SubmitAsync(1);
        var stream = await OpenAsync();
        stream.Answer(Answer((await stream.TakeAsync()).Commands[0].Id, status: (int)RejectReason.Stopping));

        _raft.Lead(1);

        Assert.That(await submitted, Is.TypeOf<ProposeOutcome.Applied>());
    }

    [Test]
    public async Task Without_a_leader_it_waits_for_one_and_no_time_passes()
    {
        var submitted = SubmitAsync(1);
        var before = submitted.IsCompleted;

        _raft.Lead(1);

        Assert.That(before, Is.False);
        Assert.That(await submitted, Is.TypeOf<ProposeOutcome.Applied>());
    }

    [Test]
    public async Task Without_a_leader_until_the_timeout_it_says_that_nothing_was_applied()
    {
        var submitted = SubmitAsync(1);

        _time.Advance(PastDeadline);

        Assert.That(await submitted, Is.EqualTo(new ProposeOutcome.Rejected(RejectReason.NotLeader, NodeId.None)));
        Assert.That(_gateway.WaitingCommands, Is.Zero);
    }

    [Test]
    public async Task A_local_refusal_for_a_leadership_just_lost_is_tried_elsewhere()
    {
        _raft.Propose = (_, _) =>
        {
            _raft.Lead(3);
            return new(new ProposeOutcome.Rejected(RejectReason.NotLeader, new NodeId(3)));
        };
        _raft.Lead(1);

        var submitted = SubmitAsync(1);
        var stream = await OpenAsync();
        stream.Answer(Answer((await stream.TakeAsync()).Commands[0].Id));

        Assert.That(stream.Address, Is.EqualTo(InMemoryRaft.AddressOf(3)));
        Assert.That(await submitted, Is.TypeOf<ProposeOutcome.Applied>());
    }

    [Test]
    public async Task What_never_left_goes_to_the_new_leader()
    {
        _raft.Lead(2);
        var submitted = SubmitAsync(1);
        _ = await _dialer.AcceptForwardAsync();

        _raft.Lead(3);
        var stream = await OpenAsync();
        stream.Answer(Answer((await stream.TakeAsync()).Commands[0].Id));

        Assert.That(stream.Address, Is.EqualTo(InMemoryRaft.AddressOf(3)));
        Assert.That(await submitted, Is.TypeOf<ProposeOutcome.Applied>());
    }

    [Test]
    public async Task What_was_sent_is_unknown_when_the_stream_breaks_and_the_rest_is_sent_again()
    {
        _raft.Lead(2);
        var sent = SubmitAsync(1);
        var stream = await OpenAsync();
        _ = await stream.TakeAsync();
        stream.Break();
        var outcome = await sent;

        var later = SubmitAsync(2);
        var opening = OpenAsync();
        await _time.FireUntilAsync(opening, TimeSpan.FromMilliseconds(100));
        var next = await opening;
        var message = await next.TakeAsync();
        next.Answer(Answer(message.Commands[0].Id));

        Assert.That(outcome, Is.TypeOf<ProposeOutcome.Unknown>());
        Assert.That(message.Commands.Single().Command[0], Is.EqualTo(2));
        Assert.That(await later, Is.TypeOf<ProposeOutcome.Applied>());
    }

    [Test]
    public async Task A_former_leader_may_still_answer_what_it_was_sent_and_is_then_left()
    {
        _raft.Lead(2);
        var sent = SubmitAsync(1);
        var stream = await OpenAsync();
        var id = (await stream.TakeAsync()).Commands[0].Id;

        _raft.Lead(3);
        stream.Answer(Answer(id));

        Assert.That(await sent, Is.TypeOf<ProposeOutcome.Applied>());
        await stream.Disposed;
    }

    [Test]
    public async Task What_was_sent_and_is_not_answered_in_time_is_unknown()
    {
        _raft.Lead(2);
        var submitted = SubmitAsync(1);
        var stream = await OpenAsync();
        _ = await stream.TakeAsync();

        _time.Advance(PastDeadline);

        Assert.That(await submitted, Is.TypeOf<ProposeOutcome.Unknown>());
    }

    [Test]
    public async Task More_commands_or_bytes_than_may_wait_are_refused_at_once()
    {
        await using var gateway = GatewayWith(new PeerOptions
        {
            Address = InMemoryRaft.AddressOf(1),
            MaxWaitingCommands = 2,
            MaxWaitingBytes = 10,
        });
        var overloaded = new ProposeOutcome.Rejected(RejectReason.Overloaded, NodeId.None);

        var big = gateway.SubmitAsync(new byte[10], CancellationToken.None).AsTask();
        var bytes = await gateway.SubmitAsync(new byte[1], CancellationToken.None);
        var empty = gateway.SubmitAsync(Array.Empty<byte>(), CancellationToken.None).AsTask();
        var third = await gateway.SubmitAsync(Array.Empty<byte>(), CancellationToken.None);

        Assert.That((bytes, third), Is.EqualTo((overloaded, overloaded)));
        _raft.Lead(1);
        Assert.That(await Task.WhenAll(big, empty), Is.All.TypeOf<ProposeOutcome.Applied>());
        Assert.That(gateway.WaitingCommands, Is.Zero);
    }

    [Test]
    public async Task A_command_that_fits_no_message_is_refused()
    {
        _raft.Lead(2);

        var outcome = await _gateway.SubmitAsync(new byte[PeerOptions.MaxCommandBytes + 1], CancellationToken.None);

        Assert.That(outcome, Is.EqualTo(new ProposeOutcome.Rejected(RejectReason.TooLarge, new NodeId(2))));
    }

    [Test]
    public async Task Cancelling_ends_the_wait_for_a_leader(CancellationToken cancellationToken)
    {
        using var request = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var submitted = _gateway.SubmitAsync(new byte[1], request.Token).AsTask();

        await request.CancelAsync();

        Assert.That(await submitted, Is.EqualTo(new ProposeOutcome.Rejected(RejectReason.NotLeader, NodeId.None)));
    }

    [Test]
    public async Task Stopping_ends_every_wait_and_says_what_is_certain()
    {
        var waiting = SubmitAsync(1);
        _raft.Lead(2);
        var stream = await OpenAsync();
        _ = await stream.TakeAsync();
        _raft.LoseLeader();
        var unsent = SubmitAsync(2);

        await _gateway.DisposeAsync();
        var late = await SubmitAsync(3);

        Assert.That(await waiting, Is.TypeOf<ProposeOutcome.Unknown>());
        Assert.That(await unsent, Is.EqualTo(new ProposeOutcome.Rejected(RejectReason.Stopping, NodeId.None)));
        Assert.That(late, Is.EqualTo(new ProposeOutcome.Rejected(RejectReason.Stopping, NodeId.None)));
    }

    [Test]
    public async Task A_read_barrier_that_could_not_be_had_is_tried_again_with_the_next_leader()
    {
        _raft.ReadBarrier = _ => new(_raft.Leader == new NodeId(3));

        var barrier = _gateway.ReadBarrierAsync(CancellationToken.None).AsTask();
        var before = barrier.IsCompleted;
        _raft.Lead(3);

        Assert.That(before, Is.False);
        Assert.That(await barrier, Is.True);
    }

    [Test]
    public async Task A_read_barrier_ends_with_the_timeout()
    {
        _raft.ReadBarrier = static _ => new(false);

        var barrier = _gateway.ReadBarrierAsync(CancellationToken.None).AsTask();
        _time.Advance(PastDeadline);

        Assert.That(await barrier, Is.False);
    }

    [Test]
    public async Task A_proposal_that_the_log_never_decides_is_unknown_after_the_timeout()
    {
        _raft.Propose = static async (_, token) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            return new ProposeOutcome.Applied(default, default, default);
        };
        _raft.Lead(1);

        var submitted = SubmitAsync(1);
        _time.Advance(PastDeadline);

        Assert.That(await submitted, Is.TypeOf<ProposeOutcome.Unknown>());
    }

    private static ForwardReply Answer(long id, int status = 0, long code = 0) =>
        new() { Outcomes = { new ForwardedOutcome { Id = id, Status = status, ResultCode = code } } };

    private CommandGateway GatewayWith(PeerOptions options) =>
        new(_raft, _dialer, options, _time, new Random(1), Traces.None);

    private Task<ProposeOutcome> SubmitAsync(int command) =>
        _gateway.SubmitAsync(new[] { (byte)command }, CancellationToken.None).AsTask();

    private async Task<InMemoryStream<ForwardRequest, ForwardReply>> OpenAsync()
    {
        var stream = await _dialer.AcceptForwardAsync();
        stream.Answer(new ForwardReply());
        return stream;
    }
}
