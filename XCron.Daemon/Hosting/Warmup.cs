using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using XCron.Daemon.Api;
using XCron.Daemon.Commands;
using XCron.Raft;

namespace XCron.Daemon.Hosting;

/// <summary>
/// Turns the hot paths a few times before the first user does, where a just-in-time compiler would make that user wait:
/// a create up to the gateway, which refuses it here, and a callback, to this process's own health page.
/// </summary>
internal static class Warmup
{
    private const int Creates = 200;
    private const int Callbacks = 20;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    public static async Task RunAsync(ApiServices services, IPEndPoint health, CancellationToken stopping)
    {
        if (!RuntimeFeature.IsDynamicCodeCompiled)
            return;

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(Limit);
        try
        {
            await CreateAsync(new ApiEndpoints(services with { Gateway = new RefusingGateway() }), limit.Token);
            await CallAsync(health, limit.Token);
        }
        catch (Exception failure) when (failure is OperationCanceledException or HttpRequestException)
        {
            // Nothing depends on it: the first requests are as slow as they are.
        }
    }

    private static async Task CreateAsync(ApiEndpoints api, CancellationToken cancellationToken)
    {
        var body = Encoding.UTF8.GetBytes(
            """{"type":2,"format":"+1h","name":"warm","callback":{"url":"http://127.0.0.1/","body":{"a":[1,"b"]}}}""");
        for (var i = 0; i < Creates; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var context = new DefaultHttpContext();
            context.Request.Method = HttpMethods.Post;
            context.Request.Path = "/xcron/createTask";
            context.Request.ContentLength = body.Length;
            context.Request.Body = new MemoryStream(body);
            context.Response.Body = Stream.Null;
            await api.HandleAsync(context);
        }
    }

    private static async Task CallAsync(IPEndPoint health, CancellationToken cancellationToken)
    {
        using var handler = new SocketsHttpHandler { UseProxy = false, UseCookies = false };
        using var client = new HttpMessageInvoker(handler);
        for (var i = 0; i < Callbacks; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{health}/livez");
            request.Headers.TryAddWithoutValidation("X-Xcron-Attempt", "0");
            request.Content = new ByteArrayContent("{}"u8.ToArray());
            using var answer = await client.SendAsync(request, cancellationToken);
            await answer.Content.CopyToAsync(Stream.Null, cancellationToken);
        }
    }

    private sealed class RefusingGateway : ICommandGateway
    {
        private static readonly ProposeOutcome Refused =
            new ProposeOutcome.Rejected(RejectReason.Overloaded, NodeId.None);

        public ValueTask<ProposeOutcome> SubmitAsync(
            ReadOnlyMemory<byte> command, CancellationToken cancellationToken) => ValueTask.FromResult(Refused);

        public ValueTask<bool> ReadBarrierAsync(CancellationToken cancellationToken) => ValueTask.FromResult(false);
    }
}
