namespace XCron.Daemon.Api;

/// <summary>The parameter consistency of reads: what a read must have seen before it answers.</summary>
internal static class ReadConsistency
{
    private const string Linearizable = "linearizable";
    private const string Stale = "stale";

    public static readonly Field Parameter =
        new("consistency", FieldType.Text, "\"linearizable\" (the default) or \"stale\"")
        {
            Doc = "Stale reads this node's own state without asking the leader.",
        };

    private static readonly ApiError NoBarrier = new(
        ApiCode.NoLeader,
        "no leader or no majority within request_timeout; consistency=stale reads this node's own state");

    /// <summary>Waits until this node may answer; why it may not, or null.</summary>
    public static async ValueTask<ApiError?> AwaitAsync(
        ApiServices services, string? consistency, CancellationToken cancellationToken) => consistency switch
    {
        Stale => null,
        null or Linearizable =>
            await services.Gateway.ReadBarrierAsync(cancellationToken) ? null : NoBarrier,
        _ => ApiError.BadRequest($"{Parameter.Name} is {Shown.Text(consistency)}; must be {Parameter.Expected}"),
    };
}
