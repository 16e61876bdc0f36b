using System.Threading.Channels;
using Google.Protobuf;
using Grpc.Core;
using XCron.Daemon.Peers;
using XCron.Proto.Cluster;
using XCron.Raft;

namespace XCron.Daemon.Tests.Peers;

/// <summary>The leader's end of a stream, with the caller played by the test.</summary>
[CancelAfter(10_000)]
internal sealed class ForwardSessionTests
{
    private readonly PeerOptions _options = new() { Address = "a:1", MaxWaitingCommands = 2 };
    private InMemoryRaft _raft = null!;
    private Requests _requests = null!;
    private Replies _replies = null!;
    private CancellationTokenSource _stopping = null!;
    private CancellationTokenSource _aborted = null!;
    private Channel<TaskCompletionSource<ProposeOutcome>> _proposals = null!;
    private RequestDeadlines _deadlines = null!;

    [SetUp]
    public void SetUp()
    {
        _proposals = Channel.CreateBounded<TaskCompletionSource<ProposeOutcome>>(100);
        _raft = new InMemoryRaft(1)
        {
            Propose = (_, _) =>
            {
                var proposal = new TaskCompletionSource<ProposeOutcome>(
                    TaskCreationOptions.RunContinuationsAsynchronously);
                Assert.That(_proposals.Writer.TryWrite(proposal), Is.True);
                return new(proposal.Task);
            },
        };
        _requests = new Requests();
        _replies = new Replies();
        _stopping = new CancellationTokenSource();
        _aborted = new CancellationTokenSource();
        _deadlines = new RequestDeadlines(_options.RequestTimeout, new ManualTime());
    }

    [TearDown]
    public void TearDown()
    {
        _stopping.Dispose();
        _aborted.Dispose();
        _deadlines.Dispose();
    }

    [Test]
    public async Task Reading_pauses_while_too_much_is_undecided()
    {
        var running = RunAsync();
        _requests.Send(1, 2, 3);
        var first = await _proposals.Reader.ReadAsync();
        var second = await _proposals.Reader.ReadAsync();
        var thirdWaits = !_proposals.Reader.TryPeek(out _);

        second.SetResult(Applied(20));
        var third = await _proposals.Reader.ReadAsync();
        third.SetResult(Applied(30));
        first.SetResult(Applied(10));
        _requests.End();
        await running;

        Assert.That(thirdWaits, Is.True);
        Assert.That(
            _replies.Outcomes.OrderBy(outcome => outcome.Id).Select(outcome => outcome.ResultCode),
            Is.EqualTo(new long[] { 10, 20, 30 }.AsEnumerable()));
    }

    [Test]
    public async Task A_caller_that_is_gone_does_not_end_it_before_everything_is_decided()
    {
        var running = RunAsync();
        _requests.Send(1);
        var proposal = await _proposals.Reader.ReadAsync();

        await _aborted.CancelAsync();
        var before = running.IsCompleted;
        proposal.SetResult(Applied(1));
        await running;

        Assert.That(before, Is.False);
        Assert.That(_replies.Outcomes, Is.Empty);
    }

    [Test]
    public async Task A_defect_ends_the_stream_and_says_so()
    {
        var running = RunAsync();
        _requests.Send(1);
        (await _proposals.Reader.ReadAsync()).SetException(new InvalidOperationException("defect"));
        _requests.End();

        Assert.That(async () => await running, Throws.InvalidOperationException);
        var outcome = ForwardedOutcomes.FromWire(_replies.Outcomes.Single(), default);
        Assert.That(outcome, Is.TypeOf<ProposeOutcome.Unknown>());
    }

    private static ProposeOutcome.Applied Applied(long code) =>
        new(new LogIndex(1), new Term(1), new ApplyResult(code));

    private Task RunAsync() =>
        new ForwardSession(_raft, _options, _deadlines).RunAsync(_requests, _replies, _stopping.Token, _aborted.Token);

    private sealed class Requests : IAsyncStreamReader<ForwardRequest>
    {
        private readonly Channel<ForwardRequest> _messages = Channel.CreateBounded<ForwardRequest>(100);

        public ForwardRequest Current { get; private set; } = new();

        public void Send(params long[] ids)
        {
            var message = new ForwardRequest();
            message.Commands.AddRange(ids.Select(id => new ForwardedCommand { Id = id, Command = ByteString.Empty }));
            Assert.That(_messages.Writer.TryWrite(message), Is.True);
        }

        public void End() => _messages.Writer.Complete();

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            if (!await _messages.Reader.WaitToReadAsync(cancellationToken))
                return false;

            Current = await _messages.Reader.ReadAsync(cancellationToken);
            return true;
        }
    }

    private sealed class Replies : IServerStreamWriter<ForwardReply>
    {
        public List<ForwardedOutcome> Outcomes { get; } = [];

        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(ForwardReply message) => WriteAsync(message, CancellationToken.None);

        public Task WriteAsync(ForwardReply message, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Outcomes.AddRange(message.Outcomes);
            return Task.CompletedTask;
        }
    }
}
