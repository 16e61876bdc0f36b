namespace XCron.Daemon.Api;

/// <summary>One call of the API.</summary>
internal interface IApiEndpoint
{
    /// <summary>The one HTTP method it answers to.</summary>
    string Method { get; }

    ValueTask HandleAsync(HttpContext context, Guid requestId);
}
