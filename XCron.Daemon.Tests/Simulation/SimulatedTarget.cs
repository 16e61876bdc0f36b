using System.Globalization;
using System.Net;
using XCron.Daemon.Commands;
using XCron.Daemon.Tests.Firing;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// The users' services. A host's name says how it behaves; what arrives is entered in the history with the sender's
/// clock beside it.
/// </summary>
internal sealed class SimulatedTarget(SimulationWorld world)
{
    private readonly Dictionary<string, long> _refusingUntilMs = [];

    public HttpMessageHandler DoorOf(SchedulerProcess process) =>
        new FakeTarget((request, cancellationToken) => AnswerAsync(process, request, cancellationToken));

    /// <summary>The host takes no connection for so long.</summary>
    public void Refuse(string host, long ms) => _refusingUntilMs[host] = world.Time.NowMs + ms;

    private Task<HttpResponseMessage> AnswerAsync(
        SchedulerProcess process, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var call = Enter(process, request);
        var host = request.RequestUri!.Host.Split('.')[0].TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9');
        var isRefused = _refusingUntilMs.GetValueOrDefault(request.RequestUri.Host) > world.Time.NowMs;

        // Goes on in the sender's context, since that is where it is awaited.
        var answered = new TaskCompletionSource<HttpResponseMessage>();
        if (isRefused)
        {
            world.Agenda.After(1, () => answered.TrySetException(new HttpRequestException("connection refused")));
            return answered.Task;
        }

        var (status, delayMs) = Behave(host, call.Attempt);
        cancellationToken.UnsafeRegister(
            static (state, token) => ((TaskCompletionSource<HttpResponseMessage>)state!).TrySetCanceled(token),
            answered);
        if (status == 0)
            return answered.Task;

        world.Agenda.After(delayMs, () =>
        {
            if (answered.Task.IsCompleted)
                return;
            call.AnsweredMs = world.History.NowMs;
            call.Status = status;
            var response = new HttpResponseMessage((HttpStatusCode)status);
            if (status == 429)
                response.Headers.TryAddWithoutValidation("Retry-After", "7");
            answered.TrySetResult(response);
        });
        return answered.Task;
    }

    private TargetCall Enter(SchedulerProcess process, HttpRequestMessage request)
    {
        string One(string name) => request.Headers.GetValues(name).Single();

        var run = One("X-Xcron-Run-Id").Split('-');
        var call = new TargetCall
        {
            StartMs = world.History.NowMs,
            Sender = process.Session,
            AheadMs = process.Machine.Clock.AheadMs,
            Story = int.Parse(request.RequestUri!.AbsolutePath.Split('/')[^1], CultureInfo.InvariantCulture),
            Task = new TaskId(long.Parse(One("X-Xcron-Task-Id"), CultureInfo.InvariantCulture)),
            Run = long.Parse(run[1], CultureInfo.InvariantCulture),
            Attempt = int.Parse(One("X-Xcron-Attempt"), CultureInfo.InvariantCulture),
            ScheduledMs = (long)decimal.Round(
                decimal.Parse(One("X-Xcron-Scheduled-Time"), CultureInfo.InvariantCulture) * 1000),
        };
        world.History.Calls.Add(call);
        return call;
    }

    /// <summary>The status, 0 for none ever, and how long it takes.</summary>
    private (int Status, int DelayMs) Behave(string host, int attempt)
    {
        var random = world.Random;
        var quickMs = random.Next(1, 20);
        return host switch
        {
            "ok" => (200, quickMs),
            "flaky" => (random.Next(3) == 0 ? 500 : 204, quickMs),
            "failing" => (500, quickMs),
            "slow" => (200, random.Next(500, 8000)),
            "silent" => random.Next(2) == 0 ? (0, 0) : (200, quickMs),
            "busy" => (attempt == 1 && random.Next(2) == 0 ? 429 : 200, quickMs),
            "gone" => (random.Next(12) == 0 ? 410 : 200, quickMs),
            "moved" => (random.Next(4) == 0 ? 302 : 200, quickMs),
            _ => throw new NotSupportedException($"No behaviour is known of {host}."),
        };
    }
}
