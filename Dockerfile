# docker build -t broker .
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /broker
COPY . .
RUN dotnet publish src/Broker.Host -c Release -o /app

# No shell, no package manager, and no root: the image's own user is 1654.
FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled
WORKDIR /app
COPY --from=build /app .
ENV ASPNETCORE_HTTP_PORTS=8000 DOTNET_EnableDiagnostics=0
EXPOSE 8000 8100
USER $APP_UID
# Without a shell in between: SIGTERM reaches the node.
ENTRYPOINT ["dotnet", "Broker.Host.dll"]
