namespace XCron.Daemon.Tests.Firing;

/// <summary>Answers callbacks without a network.</summary>
internal sealed class FakeTarget(Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> answer)
    : HttpMessageHandler
{
    protected override Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken) => answer(request, cancellationToken);
}
