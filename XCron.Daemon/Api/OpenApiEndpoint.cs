namespace XCron.Daemon.Api;

/// <summary>GET /openapi/v1.json. Not in the envelope: tools read it as it is.</summary>
internal sealed class OpenApiEndpoint(Func<byte[]> write) : IApiEndpoint
{
    private readonly Lazy<byte[]> _document = new(write);

    public string Method => HttpMethods.Get;

    public async ValueTask HandleAsync(HttpContext context, Guid requestId)
    {
        var error = QueryParameters.Read(context.Request.QueryString, FieldTable.Empty, out _);
        await (error is not null
            ? Answer.ErrorAsync(context, requestId, error)
            : Answer.DocumentAsync(context, requestId, _document.Value));
    }
}
