using Google.Protobuf;
using XCron.Raft.Grpc;
using XCron.Raft.Grpc.Wire;
using XCron.Raft.Tests.Core;
using Message = XCron.Raft.Core.Message;

namespace XCron.Raft.Tests.Grpc;

/// <summary>Appends that travel as one message, and the block of their entries.</summary>
internal sealed class AppendBatchTests
{
    private static readonly Membership Three = Make.Cluster(3);

    [Test]
    public void A_follower_ends_the_same_whether_appends_come_one_by_one_or_as_one([Range(1, 40)] int seed)
    {
        var random = new Random(seed);
        var ownTerms = Enumerable.Repeat(1L, 1 + random.Next(8)).ToArray();
        var separate = new CoreNode(1, Make.State(Three, ownTerms, term: 4));
        var together = new CoreNode(1, Make.State(Three, ownTerms, term: 4));
        var appends = Appends(random);

        foreach (var append in appends)
            separate.Receive(Travel(append));
        together.Receive(Travel(appends));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(together.Terms, Is.EqualTo(separate.Terms));
            Assert.That(together.Commit, Is.EqualTo(separate.Commit));
            Assert.That(LastAnswer(together), Is.EqualTo(LastAnswer(separate)), "the last answer is what counts");
        }
    }

    [Test]
    public void Entries_arrive_as_they_were_sent()
    {
        var sent = new LogEntry[]
        {
            new(Make.At(8), new Term(3), EntryKind.NoOp, default),
            Make.Configuration(9, 3, Three),
            Make.Command(10, long.MaxValue, bytes: 70_000),
        };

        var arrived = Travel(Append(7, 2, sent));

        Assert.That(arrived.Entries, Is.EqualTo(sent).Using<LogEntry>(Make.IsSame));
        Assert.That((arrived.PrevIndex.Value, arrived.PrevTerm.Value), Is.EqualTo((7, 2)));
    }

    [Test]
    public void Only_what_follows_without_a_gap_in_the_same_term_is_added()
    {
        var batch = new AppendBatch();
        batch.Begin(Append(7, 2, Make.Commands(8, 3, 3)));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(batch.TryAdd(Append(8, 3, Make.Commands(9, 3))), Is.False, "an overlap");
            Assert.That(batch.TryAdd(Append(10, 3, Make.Commands(11, 3))), Is.False, "a gap");
            Assert.That(batch.TryAdd(Append(9, 2, Make.Commands(10, 3))), Is.False, "another entry before it");
            Assert.That(batch.TryAdd(Append(9, 3, Make.Commands(10, 3)) with { Term = new(6) }), Is.False, "a term");
            Assert.That(batch.TryAdd(Say.Heartbeat(1, 2, 5, 0)), Is.False, "no append");
            Assert.That(batch.TryAdd(Append(9, 3, [])), Is.True, "a nudge");
            Assert.That(batch.TryAdd(Append(9, 3, Make.Commands(10, 4))), Is.True, "the next one");
            Assert.That(batch.TryAdd(Append(10, 4, [])), Is.True, "and behind that");
        }
    }

    [Test]
    public void A_batch_ends_below_its_limit_but_carries_one_larger_append()
    {
        const int Half = AppendBatch.MaxBytes / 2;
        var batch = new AppendBatch();

        batch.Begin(Append(7, 2, [Make.Command(8, 2, Half)]));
        Assert.That(batch.TryAdd(Append(8, 2, [Make.Command(9, 2, Half)])), Is.False);

        var large = Travel(Append(7, 2, [Make.Command(8, 2, 2 * AppendBatch.MaxBytes)]));
        Assert.That(large.Entries.Single().Payload.Length, Is.EqualTo(2 * AppendBatch.MaxBytes));
    }

    [Test]
    public void A_block_that_ends_within_an_entry_breaks_the_stream([Range(1, 26)] int length)
    {
        var entries = Make.Commands(1, 1, 1);
        var block = new byte[EntryBlock.BytesOf(entries)];
        EntryBlock.Write(entries, block);

        if (length == 21)
            Assert.That(EntryBlock.Read(block.AsMemory(0, length), Make.At(1)), Has.Length.EqualTo(1), "one whole");
        else
            Assert.That(() => EntryBlock.Read(block.AsMemory(0, length), Make.At(1)), Throws.TypeOf<IOException>());
    }

    [TestCase(-1)]
    [TestCase(int.MaxValue)]
    [TestCase(int.MinValue)]
    public void A_block_with_an_impossible_length_breaks_the_stream(int length)
    {
        var block = new byte[100];
        BitConverter.TryWriteBytes(block.AsSpan(9), length);

        Assert.That(() => EntryBlock.Read(block, Make.At(1)), Throws.TypeOf<IOException>());
    }

    // Appends that follow each other as one leader sends them; some empty, behind whatever the follower holds or not.
    private static Message.AppendRequest[] Appends(Random random)
    {
        var appends = new Message.AppendRequest[1 + random.Next(6)];
        var prev = 1L + random.Next(10);
        var prevTerm = 1L;
        var commit = 1L;
        for (var i = 0; i < appends.Length; i++)
        {
            var terms = Enumerable.Range(0, random.Next(4)).Select(_ => prevTerm + random.Next(2)).Order().ToArray();
            commit += random.Next(3);
            appends[i] = Append(prev, prevTerm, Make.Commands(prev + 1, terms)) with { Commit = Make.At(commit) };
            prev += terms.Length;
            prevTerm = terms.Length > 0 ? terms[^1] : prevTerm;
        }

        return appends;
    }

    private static Message.AppendRequest Append(long prev, long prevTerm, LogEntry[] entries) =>
        Say.Append(2, 1, 9, prev, prevTerm, commit: 0, entries);

    // Over the wire: encoded, serialized, parsed, decoded.
    private static Message.AppendRequest Travel(params Message.AppendRequest[] appends)
    {
        var batch = new AppendBatch();
        batch.Begin(appends[0]);
        foreach (var append in appends.Skip(1))
            Assert.That(batch.TryAdd(append), Is.True);
        var bytes = batch.Encode().ToByteArray();
        batch.Return();
        return (Message.AppendRequest)WireCodec.Decode(Envelope.Parser.ParseFrom(bytes))!;
    }

    private static (bool, LogIndex, LogIndex) LastAnswer(CoreNode node)
    {
        var answer = node.Take<Message.AppendResponse>().Last();
        return (answer.Accepted, answer.Match, answer.ConflictIndex);
    }
}
