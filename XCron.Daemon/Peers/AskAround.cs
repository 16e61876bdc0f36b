using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>
/// Asks the hosts named one after the other, and all again after a growing pause, until one of them tells who the
/// members are; it ends by that or by being stopped. What each says instead is passed on when it changes.
/// </summary>
/// <param name="hosts">Whom to ask.</param>
/// <param name="limit">How long each may take.</param>
/// <param name="options">The pauses.</param>
/// <param name="timeProvider">The clock.</param>
/// <param name="random">Spreads the asking.</param>
/// <param name="tell">Told of an address and of what came from there instead of the members.</param>
internal sealed class AskAround(
    IReadOnlyList<string> hosts,
    TimeSpan limit,
    PeerOptions options,
    TimeProvider timeProvider,
    Random random,
    Action<string, string> tell)
{
    private readonly Backoff _backoff = new(options.LeastBackoff, options.MostBackoff, random);
    private readonly Dictionary<string, string> _said = []; // by address, as many as hosts
    private volatile string _heard = "Nobody was asked yet."; // written by the asking, read by any thread

    /// <summary>What all of them last said, in words. Any thread.</summary>
    public string Heard => _heard;

    /// <summary>Returns what the first told that tells the members.</summary>
    /// <param name="ask">Asks one. It may throw <see cref="PeerCallException"/>, and what is wrong with the bytes of a
    /// membership.</param>
    /// <param name="stopping">Ends the asking.</param>
    public async Task<Membership> RunAsync(
        Func<string, CancellationToken, Task<HostAnswer>> ask, CancellationToken stopping)
    {
        while (true)
        {
            foreach (var address in hosts)
            {
                var answer = await AskAsync(ask, address, stopping);
                if (answer.Members is { } members)
                    return members;

                Heed(address, answer.Instead);
            }

            await Task.Delay(_backoff.Next(), timeProvider, stopping);
        }
    }

    private async Task<HostAnswer> AskAsync(
        Func<string, CancellationToken, Task<HostAnswer>> ask, string address, CancellationToken stopping)
    {
        using var late = new CancellationTokenSource(limit, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stopping);
        try
        {
            return await ask(address, either.Token);
        }
        catch (PeerCallException failure)
        {
            return HostAnswer.Not(failure.Message);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            return HostAnswer.Not("no answer");
        }
        catch (Exception damage) when (damage is FormatException or ArgumentException)
        {
            return HostAnswer.Not($"its cluster is one that this version cannot read: {damage.Message}");
        }
    }

    private void Heed(string address, string said)
    {
        if (_said.GetValueOrDefault(address) == said)
            return;

        _said[address] = said;
        _heard = string.Join("; ", hosts.Where(_said.ContainsKey).Select(host => $"{host} says: {_said[host]}"));
        tell(address, said);
    }
}

/// <param name="Members">Null: that one cannot tell.</param>
/// <param name="Instead">Why not, in words; empty where it can.</param>
internal readonly record struct HostAnswer(Membership? Members, string Instead)
{
    public static HostAnswer Of(Membership members) => new(members, "");

    public static HostAnswer Not(string why) => new(null, why);
}
