using System.Diagnostics;
using XCron.Raft.Core;

namespace XCron.Raft.Tests.Golden;

/// <summary>
/// Messages, entries and configurations in words. A position is written index/term. The numbers that followers give
/// their questions are random, so they are told in the order in which they came up.
/// </summary>
internal sealed class Telling
{
    private readonly List<long> _questions = [];

    public static string Kind(Message message) => message switch
    {
        Message.VoteRequest vote => vote.PreVote ? "pre-vote asked" : "vote asked",
        Message.VoteResponse vote => (vote.PreVote ? "pre-vote " : "vote ") + (vote.Granted ? "given" : "refused"),
        Message.AppendRequest => "append",
        Message.AppendResponse response => response.Accepted ? "append taken" : "append refused",
        Message.Heartbeat => "heartbeat",
        Message.HeartbeatResponse => "heartbeat answered",
        Message.ReadIndexRequest => "read asked",
        Message.ReadIndexResponse response => response.Accepted ? "read answered" : "read refused",
        Message.SnapshotOffer => "snapshot offered",
        Message.TimeoutNow => "campaign ordered",
        _ => throw new UnreachableException(message.GetType().Name),
    };

    public static string Way(Message message) => $"{message.From.Value} > {message.To.Value}";

    public string Of(Message message)
    {
        var fields = message switch
        {
            Message.VoteRequest vote =>
                $", log ends {vote.LastIndex}/{vote.LastTerm}{(vote.Transfer ? ", by order" : "")}",
            Message.AppendRequest append =>
                $", after {append.PrevIndex}/{append.PrevTerm}, {Of(append.Entries)}, commit {append.Commit}",
            Message.AppendResponse { Accepted: true } taken => $", match {taken.Match}",
            Message.AppendResponse refused when refused.RejectedPrev == default => "",
            Message.AppendResponse refused when refused.ConflictTerm == default =>
                $", at {refused.RejectedPrev}: log ends before {refused.ConflictIndex}",
            Message.AppendResponse refused =>
                $", at {refused.RejectedPrev}: term {refused.ConflictTerm} since {refused.ConflictIndex}",
            Message.Heartbeat heartbeat => $", commit {heartbeat.Commit}, round {heartbeat.Round}",
            Message.HeartbeatResponse answer =>
                $", round {answer.Round}, last {answer.LastIndex}, commit {answer.Commit}{Of(answer.Disk)}",
            Message.ReadIndexRequest read => $", question {Question(read.ReadId)}",
            Message.ReadIndexResponse { Accepted: true } read =>
                $", question {Question(read.ReadId)}, index {read.Index}",
            Message.ReadIndexResponse read => $", question {Question(read.ReadId)}",
            Message.SnapshotOffer offer => $", {offer.Index}/{offer.EntryTerm}",
            Message.TimeoutNow order => $", last {order.LastIndex}",
            Message.VoteResponse => "",
            _ => throw new UnreachableException(message.GetType().Name),
        };
        return $"{Way(message)} {Kind(message)}: term {message.Term}{fields}";
    }

    /// <summary>Neighbours of one kind and term are told together.</summary>
    public static string Of(IReadOnlyList<LogEntry> entries)
    {
        if (entries.Count == 0)
            return "nothing";

        var runs = new List<string>();
        for (var from = 0; from < entries.Count;)
        {
            var (first, to) = (entries[from], from + 1);
            while (to < entries.Count && first.Kind == EntryKind.Command
                && (entries[to].Kind, entries[to].Term) == (first.Kind, first.Term))
            {
                to++;
            }

            var span = to - from == 1 ? $"{first.Index}" : $"{first.Index}..{entries[to - 1].Index}";
            runs.Add($"{span}/{first.Term} {Content(first)}");
            from = to;
        }

        return string.Join(", ", runs);
    }

    public static string Of(Membership membership)
    {
        string Numbers(IEnumerable<NodeId> ids) => string.Join(' ', ids.Select(id => id.Value));
        string With(Suffrage suffrage) =>
            Numbers(membership.Members.Where(member => member.Suffrage == suffrage).Select(member => member.Id));

        var parts = new List<string> { Numbers(membership.Voters) };
        if (With(Suffrage.Learner) is { Length: > 0 } learners)
            parts.Add($"learning {learners}");
        if (With(Suffrage.Leaving) is { Length: > 0 } leaving)
            parts.Add($"leaving {leaving}");
        if (!membership.Outgoing.IsEmpty)
            parts.Add($"and a majority of {Numbers(membership.Outgoing)}");
        return $"({string.Join(", ", parts)})";
    }

    public static string Of(Effect.Write write)
    {
        var parts = new List<string>();
        if (write.ResetTo is { } mark)
            parts.Add($"begin behind {mark.Index}/{mark.Term}");
        if (write.TruncateFrom is { } from)
            parts.Add($"cut from {from}");
        if (write.Entries.Length > 0)
            parts.Add(Of(write.Entries));
        if (write.HardState is { } state)
            parts.Add(state.Vote == NodeId.None ? $"term {state.Term}" : $"term {state.Term} vote {state.Vote.Value}");
        return string.Join("; ", parts);
    }

    private static string Of(DiskHealth disk) =>
        disk == DiskHealth.Well ? "" : $", disk {disk.ToString().ToLowerInvariant()}";

    private static string Content(LogEntry entry) => entry.Kind switch
    {
        EntryKind.Command => "command",
        EntryKind.NoOp => "no-op",
        EntryKind.Configuration => "members " + Of(Membership.Decode(entry.Payload.Span)),
        _ => throw new UnreachableException(entry.Kind.ToString()),
    };

    private int Question(long readId)
    {
        if (!_questions.Contains(readId))
            _questions.Add(readId);
        return _questions.IndexOf(readId) + 1;
    }
}
