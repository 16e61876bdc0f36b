using XCron.Daemon.Commands;
using XCron.Raft;

namespace XCron.Daemon.Hosting;

/// <summary>
/// The gateway before there is one: while the cluster is forming, what comes waits for it as long as a request may, and
/// is then refused as certainly not applied.
/// </summary>
internal sealed class LateGateway(TimeSpan requestTimeout, TimeProvider time) : ICommandGateway
{
    private static readonly ProposeOutcome NotYet =
        new ProposeOutcome.Rejected(RejectReason.NotLeader, NodeId.None);

    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Null until Open; then never changed.
    private volatile ICommandGateway? _gateway;

    public void Open(ICommandGateway gateway)
    {
        _gateway = gateway;
        _opened.SetResult();
    }

    public ValueTask<ProposeOutcome> SubmitAsync(ReadOnlyMemory<byte> command, CancellationToken cancellationToken) =>
        _gateway is { } gateway
            ? gateway.SubmitAsync(command, cancellationToken)
            : SubmitLateAsync(command, cancellationToken);

    public ValueTask<bool> ReadBarrierAsync(CancellationToken cancellationToken) =>
        _gateway is { } gateway ? gateway.ReadBarrierAsync(cancellationToken) : ReadLateAsync(cancellationToken);

    private async ValueTask<ProposeOutcome> SubmitLateAsync(
        ReadOnlyMemory<byte> command, CancellationToken cancellationToken) =>
        await OpensAsync(cancellationToken) ? await _gateway!.SubmitAsync(command, cancellationToken) : NotYet;

    private async ValueTask<bool> ReadLateAsync(CancellationToken cancellationToken) =>
        await OpensAsync(cancellationToken) && await _gateway!.ReadBarrierAsync(cancellationToken);

    private async Task<bool> OpensAsync(CancellationToken cancellationToken)
    {
        await _opened.Task.WaitAsync(requestTimeout, time, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return _gateway is not null;
    }
}
